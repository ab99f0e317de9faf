import AudioFile
import Glibc

extension FuzzTarget {
    /// A file without a name, for one reader at a time.
    private static let file: Int32 = {
        var template = Array("/tmp/soundgate-fuzz-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { fatalError("no file can be made in /tmp") }
        unlink(template)
        return descriptor
    }()

    /// A file is decoded to its end within the limits, or refused.
    static let audioFile = FuzzTarget("AudioFile") { bytes in
        guard ftruncate(file, 0) == 0, pwrite(file, bytes, bytes.count, 0) == bytes.count else {
            fatalError("there is no room in /tmp")
        }
        let limits = AudioLimits(frames: 48_000 * 10, channels: 8, sampleRate: 192_000)
        do throws(AudioFileError) {
            let inspection = try AudioInspection(path: "/proc/self/fd/\(file)", limits: limits)
            precondition(inspection.frames > 0 && inspection.frames <= limits.frames, "frames over the limit")
            precondition((1...limits.channels).contains(inspection.channels), "channels over the limit")
            precondition((1...limits.sampleRate).contains(inspection.sampleRate), "a rate over the limit")
            precondition(AudioFormat(firstBytes: bytes) != nil, "a format that is not told by content")
        } catch {
            precondition(!error.description.isEmpty, "refused without a reason")
        }
    }
}
