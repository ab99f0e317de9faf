import AudioFile
import Testing

@Suite struct AudioRefusalTests {
    @Test(
        "bytes that aren't audio are refused, whatever they are",
        arguments: [
            "<!DOCTYPE html><html><body>404</body></html>", "{\"error\":\"expired\"}", "RIFF", "no",
            "RIFF....AVI LIST....",
        ]
    )
    func notAudio(text: String) throws {
        try withTemporaryFile { path in
            try replaceContents(of: path, with: Array(text.utf8))
            #expect(throws: AudioFileError.notAudio) { try AudioInspection(path: path) }
        }
    }

    @Test("an empty file is refused as such")
    func empty() throws {
        try withTemporaryFile { path in
            #expect(throws: AudioFileError.empty) { try AudioInspection(path: path) }
        }
    }

    @Test("a missing file names the call that failed")
    func missing() {
        #expect(throws: AudioFileError.system(call: "open", code: 2)) {
            try AudioInspection(path: "/nonexistent/sound.wav")
        }
    }

    @Test("a file that ends early is refused", arguments: AudioFormat.allCases, [0.97, 0.5, 0.2])
    func truncated(format: AudioFormat, share: Double) throws {
        try withTemporaryFile { path in
            try write(tone(frames: 88_200, channels: 2), to: path, format: format, channels: 2)
            let bytes = try contents(of: path)
            try replaceContents(of: path, with: Array(bytes.prefix(Int(Double(bytes.count) * share))))
            #expect(throws: AudioFileError.self) { try AudioInspection(path: path) }
        }
    }

    @Test("a file cut anywhere is refused or not audio, and never trusted", arguments: AudioFormat.allCases)
    func cutAnywhere(format: AudioFormat) throws {
        try withTemporaryFile { path in
            try write(tone(frames: 5000, channels: 1), to: path, format: format, channels: 1)
            let bytes = try contents(of: path)
            for length in stride(from: 1, to: bytes.count, by: max(1, bytes.count / 60)) {
                try replaceContents(of: path, with: Array(bytes.prefix(length)))
                #expect(throws: AudioFileError.self) { try AudioInspection(path: path) }
            }
        }
    }

    @Test("garbage after a good beginning is damage", arguments: [AudioFormat.flac, .ogg])
    func damaged(format: AudioFormat) throws {
        try withTemporaryFile { path in
            try write(tone(frames: 88_200, channels: 2), to: path, format: format, channels: 2)
            var bytes = try contents(of: path)
            for index in bytes.count / 2..<bytes.count / 2 + 64 { bytes[index] ^= 0x5A }
            try replaceContents(of: path, with: bytes)
            #expect(throws: AudioFileError.self) { try AudioInspection(path: path) }
        }
    }

    @Test("a file without frames is refused", arguments: AudioFormat.allCases)
    func noFrames(format: AudioFormat) throws {
        try withTemporaryFile { path in
            let writer = try AudioWriter(path: path, format: format, sampleRate: 44_100, channels: 1)
            try? writer.finish()
            #expect(throws: AudioFileError.self) { try AudioInspection(path: path) }
        }
    }

    @Test(
        "limits hold against bombs",
        arguments: [
            (AudioLimits(frames: 9999), AudioFileError.Limit.frames),
            (AudioLimits(seconds: 0.2), .frames),
            (AudioLimits(channels: 1), .channels),
            (AudioLimits(sampleRate: 22_050), .sampleRate),
        ]
    )
    func limits(limits: AudioLimits, limit: AudioFileError.Limit) throws {
        try withTemporaryFile { path in
            try write(tone(frames: 10_000, channels: 2), to: path, format: .flac, channels: 2)
            #expect(throws: AudioFileError.beyondLimit(limit)) {
                try AudioInspection(path: path, limits: limits)
            }
        }
    }

    @Test(
        "a file of nothing but empty parts is not followed through to its end",
        arguments: ["wav", "ogg", "mp3"]
    )
    func emptyParts(_ kind: String) throws {
        let (head, part): ([UInt8], [UInt8]) =
            switch kind {
            case "wav": (Array("RIFF\u{7F}\u{7F}\u{7F}\u{7F}WAVE".utf8), Array("junk\0\0\0\0".utf8))
            case "ogg": ([], Array("OggS".utf8) + [UInt8](repeating: 0, count: 23))
            // Layer III of MPEG-2.5 at 8 kbit/s and 12 kHz: 48 bytes.
            default: ([], [0xFF, 0xE3, 0x14, 0xC4] + [UInt8](repeating: 0, count: 44))
            }
        try withTemporaryFile { path in
            let limits = AudioLimits(frames: 1)
            let many = head + (0..<10_001).flatMap { _ in part }
            try replaceContents(of: path, with: many)
            #expect(throws: AudioFileError.beyondLimit(.parts)) {
                try AudioInspection(path: path, limits: limits)
            }
        }
    }

    @Test(
        "a head that promises what no file has is refused before anything is decoded",
        arguments: [
            (24, UInt32(4_000_000_000), AudioFileError.Limit.sampleRate), (24, 0, .sampleRate),
            (22, 1000, .channels),
        ]
    )
    func hostileHead(_ offset: Int, _ value: UInt32, _ limit: AudioFileError.Limit) throws {
        try withTemporaryFile { path in
            try write(tone(frames: 1000, channels: 1), to: path, format: .wav, channels: 1)
            var bytes = try contents(of: path)
            let width = offset == 22 ? 2 : 4
            for index in 0..<width { bytes[offset + index] = UInt8(value >> (8 * index) & 255) }
            // The bytes of a frame follow from the channels.
            if offset == 22 { (bytes[32], bytes[33]) = (UInt8(value * 2 & 255), UInt8(value * 2 >> 8)) }
            try replaceContents(of: path, with: bytes)
            #expect(throws: AudioFileError.self) { try AudioInspection(path: path) }
        }
    }

    @Test("a bomb of silence is not unpacked beyond its limit, whatever length it states")
    func silentBomb() throws {
        try withTemporaryFile { path in
            // An hour of silence is some kilobytes of FLAC.
            let writer = try AudioWriter(path: path, format: .flac, sampleRate: 8000, channels: 1)
            let minute = [Float](repeating: 0, count: 8000 * 60)
            for _ in 0..<60 { try writer.write(minute) }
            try writer.finish()
            var bytes = try contents(of: path)
            #expect(bytes.count < 2_000_000)
            let limits = AudioLimits(frames: 192_000 * 900, seconds: 900)
            #expect(throws: AudioFileError.beyondLimit(.frames)) {
                try AudioInspection(path: path, limits: limits)
            }
            // STREAMINFO's count of frames is 36 bits after its 21st byte; zero means that nobody counted.
            bytes[21] &= 0xF0
            for index in 22..<26 { bytes[index] = 0 }
            try replaceContents(of: path, with: bytes)
            #expect(throws: AudioFileError.self) { try AudioInspection(path: path, limits: limits) }
        }
    }

    @Test("a full disk is reported by the end at the latest", arguments: AudioFormat.allCases)
    func fullDisk(format: AudioFormat) {
        #expect(throws: AudioFileError.self) {
            let writer = try AudioWriter(path: "/dev/full", format: format, sampleRate: 44_100, channels: 2)
            try writer.write(tone(frames: 44_100, channels: 2))
            try writer.finish()
        }
    }

    @Test("what the encoder can't do is said", arguments: [(12_345, 2), (44_100, 0), (44_100, 2000)])
    func cannotEncode(sampleRate: Int, channels: Int) throws {
        try withTemporaryFile { path in
            #expect(throws: AudioFileError.self) {
                let writer = try AudioWriter(
                    path: path,
                    format: .mp3,
                    sampleRate: sampleRate,
                    channels: channels
                )
                try writer.write([Float](repeating: 0, count: channels * 10))
                try writer.finish()
            }
        }
    }

    @Test("too loud samples are clipped, not wrapped round")
    func clipping() throws {
        try withTemporaryFile { path in
            try write([Float](repeating: 1.7, count: 1000), to: path, format: .wav, channels: 1)
            let reader = try AudioReader(path: path)
            var block: [Float] = []
            #expect(try reader.read(into: &block, frames: 4096) == 1000)
            #expect(block.allSatisfy { $0 > 0.99 })
        }
    }

    @Test("a WAVE from a pipe, with unknown lengths, is read to its end")
    func streamedWave() throws {
        try withTemporaryFile { path in
            try write(tone(frames: 5000, channels: 1), to: path, format: .wav, channels: 1)
            var bytes = try contents(of: path)
            for index in [4, 5, 6, 7, 40, 41, 42, 43] { bytes[index] = 0xFF }
            try replaceContents(of: path, with: bytes)
            #expect(try AudioInspection(path: path).frames == 5000)
        }
    }
}
