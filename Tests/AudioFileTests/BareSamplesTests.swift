import AudioFile
import Testing

@Suite struct BareSamplesTests {
    /// More than one block and not a whole number of them.
    private static let frames = 10_001

    @Test(
        "16-bit samples come out of their new file as they were",
        arguments: [8000, 44_100, 48_000],
        [1, 2]
    )
    func exactCopy(sampleRate: Int, channels: Int) throws {
        let samples = (0..<Self.frames * channels).flatMap { index in
            let value = Int16(truncatingIfNeeded: index &* 31)
            return [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
        }
        try withTwoFiles(samples) { source, target in
            try BareSamples(.pcm16, sampleRate: sampleRate, channels: channels).wrap(source, into: target)
            let sound = try AudioInspection(path: target)
            #expect(sound.format == .wav)
            #expect(sound.sampleRate == sampleRate)
            #expect(sound.channels == channels)
            #expect(sound.frames == Self.frames)
            #expect(try contents(of: target).suffix(samples.count).elementsEqual(samples))
        }
    }

    /// The values of G.711: the quietest and the loudest code of either sign.
    @Test(
        "telephone codings unpack to the values of their tables",
        arguments: [
            (BareSamples.Coding.muLaw, [0xFF, 0x80, 0x00], [0, 32_124, -32_124]),
            (.aLaw, [0xD5, 0xAA, 0x2A], [8, 32_256, -32_256]),
        ] as [(BareSamples.Coding, [UInt8], [Int16])]
    )
    func telephone(coding: BareSamples.Coding, codes: [UInt8], values: [Int16]) throws {
        try withTwoFiles(codes) { source, target in
            try BareSamples(coding, sampleRate: 8000, channels: 1).wrap(source, into: target)
            let expected = values.flatMap {
                [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)]
            }
            #expect(try contents(of: target).suffix(2 * codes.count).elementsEqual(expected))
        }
    }

    @Test("no samples, and half a frame, are refused")
    func incomplete() throws {
        let stereo = BareSamples(.pcm16, sampleRate: 44_100, channels: 2)
        try withTwoFiles([]) { source, target in
            #expect(throws: AudioFileError.empty) { try stereo.wrap(source, into: target) }
        }
        try withTwoFiles([UInt8](repeating: 1, count: 4 * 100 + 2)) { source, target in
            #expect(throws: AudioFileError.truncated) { try stereo.wrap(source, into: target) }
        }
    }

    @Test("a full disk is told as the system's failure")
    func fullDisk() throws {
        try withTwoFiles([UInt8](repeating: 1, count: 400_000)) { source, _ in
            #expect {
                try BareSamples(.pcm16, sampleRate: 44_100, channels: 1).wrap(source, into: "/dev/full")
            } throws: { error in
                if case AudioFileError.system = error { true } else { false }
            }
        }
    }

    @Test("a coding that no file can have is said, not trapped on", arguments: [(44_100, 2000), (0, 1)])
    func impossible(sampleRate: Int, channels: Int) throws {
        try withTwoFiles([UInt8](repeating: 1, count: 4000)) { source, target in
            #expect(throws: AudioFileError.self) {
                try BareSamples(.pcm16, sampleRate: sampleRate, channels: channels)
                    .wrap(source, into: target)
            }
        }
    }

    private func withTwoFiles(_ bytes: [UInt8], _ body: (String, String) throws -> Void) throws {
        try withTemporaryFile { source in
            try replaceContents(of: source, with: bytes)
            try withTemporaryFile { target in try body(source, target) }
        }
    }
}
