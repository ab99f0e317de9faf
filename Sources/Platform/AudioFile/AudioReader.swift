import CSndFile

/// Decodes a sound file, block by block.
///
/// The format is found by content. Not `Sendable`: it belongs to one task or thread, and it blocks.
@safe package final class AudioReader {
    /// The encoding.
    package let format: AudioFormat
    /// Frames per second.
    package let sampleRate: Int
    /// Samples in a frame.
    package let channels: Int
    /// How many frames the file says it has; `nil` when it doesn't say.
    package let declaredFrames: Int?
    /// How many frames have been decoded so far.
    package private(set) var framesRead = 0

    private let stream: FileStream
    private let handle: OpaquePointer
    /// The most frames that are decoded.
    private let mostFrames: Int

    /// Opens the file at `path` and checks its structure: what's missing at its end is found here or while reading.
    package init(path: String, limits: AudioLimits = AudioLimits()) throws(AudioFileError) {
        stream = try FileStream(reading: path)
        let head = try stream.bytes(at: 0, count: 12)
        guard !head.isEmpty else { throw .empty }
        guard let format = AudioFormat(firstBytes: head) else { throw .notAudio }
        self.format = format
        let structure = try AudioStructure(of: format, in: stream, parts: limits.parts)
        var info = SF_INFO()
        guard let handle = unsafe stream.openHandle(mode: SFM_READ, &info) else {
            throw .damaged(libraryMessage(nil))
        }
        unsafe self.handle = handle
        sampleRate = Int(info.samplerate)
        channels = Int(info.channels)
        let isCounted = structure.isCounted && info.frames >= 0 && info.frames != .max
        declaredFrames = isCounted ? Int(info.frames) : nil
        // A rate of nothing would make any number of frames last for ever.
        mostFrames = limits.frames(at: max(1, sampleRate))
        // From here on, deinit closes the handle.
        guard 1...limits.channels ~= channels else { throw .beyondLimit(.channels) }
        guard 1...limits.sampleRate ~= sampleRate else { throw .beyondLimit(.sampleRate) }
        guard declaredFrames ?? 0 <= mostFrames else { throw .beyondLimit(.frames) }
        guard declaredFrames != 0 else { throw .noFrames }
    }

    deinit { unsafe sf_close(handle) }

    /// Decodes the next `frames` frames into `buffer`, interleaved from -1 to 1, and returns how many there were.
    ///
    /// The buffer is given the size of what was read. 0 is the end of the sound, and only a complete sound ends with it:
    /// one that stops before its declared length throws `truncated`.
    package func read(into buffer: inout [Float], frames: Int) throws(AudioFileError) -> Int {
        var got = 0
        buffer = unsafe [Float](unsafeUninitializedCapacity: frames * channels) { block, filled in
            got = unsafe Int(sf_readf_float(handle, block.baseAddress, sf_count_t(frames)))
            filled = got * channels
        }
        framesRead += got
        try stream.check("read")
        guard framesRead <= mostFrames else { throw .beyondLimit(.frames) }
        guard unsafe sf_error(handle) == 0 else { throw unsafe .damaged(libraryMessage(handle)) }
        if got == 0 {
            guard framesRead > 0 else { throw .noFrames }
            if let declaredFrames, framesRead < declaredFrames { throw .truncated }
        }
        return got
    }
}
