import AudioFile
import Testing

@Suite struct RatedCodingTests {
    static let codings: [(RatedCoding, Int, Int)] = [
        (.mp3(bitRate: 32_000), 22_050, 32_000), (.mp3(bitRate: 48_000), 24_000, 48_000),
        (.mp3(bitRate: 32_000), 44_100, 32_000), (.mp3(bitRate: 64_000), 44_100, 64_000),
        (.mp3(bitRate: 96_000), 44_100, 96_000), (.mp3(bitRate: 128_000), 44_100, 128_000),
        (.mp3(bitRate: 192_000), 44_100, 192_000), (.mp3(bitRate: 240_000), 48_000, 224_000),
        (.mp3(bitRate: 320_000), 48_000, 320_000), (.opus(bitRate: 32_000), 48_000, 32_000),
        (.opus(bitRate: 96_000), 48_000, 96_000), (.opus(bitRate: 192_000), 48_000, 192_000),
    ]

    @Test("a file has the bit rate that was asked for, and all frames", arguments: codings)
    func rate(_ coding: RatedCoding, _ sampleRate: Int, _ bitRate: Int) throws {
        let frames = sampleRate * 4
        var noise: UInt32 = 1
        let samples = (0..<frames * 2).map { _ -> Float in
            noise = noise &* 1_664_525 &+ 1_013_904_223
            return Float(noise >> 8) / Float(1 << 24) * 0.5 - 0.25
        }
        try withTemporaryFile { path in
            let writer = try AudioWriter(path: path, coding: coding, sampleRate: sampleRate, channels: 2)
            try writer.write(samples)
            try writer.finish()
            let inspection = try AudioInspection(path: path)
            #expect(inspection.format == coding.format)
            #expect(inspection.sampleRate == sampleRate)
            // Where the tag has no room in a frame, the encoder's padding counts.
            #expect((frames..<frames + 2400).contains(inspection.frames))
            let rate = try contents(of: path).count * 8 / 4
            #expect(abs(Double(rate) / Double(bitRate) - 1) < 0.15, "\(rate) bit/s")
        }
    }
}
