import AudioFile
import Glibc
import Testing

@Suite struct AudioRoundTripTests {
    @Test(
        "what is written reads back with its length, rate and channels",
        arguments: AudioFormat.allCases,
        [1, 2]
    )
    func roundTrip(format: AudioFormat, channels: Int) throws {
        try withTemporaryFile { path in
            try write(tone(frames: 30_001, channels: channels), to: path, format: format, channels: channels)
            let sound = try AudioInspection(path: path)
            #expect(sound.format == format)
            #expect(sound.contentType == format.contentType)
            #expect(sound.sampleRate == 44_100)
            #expect(sound.channels == channels)
            #expect(sound.frames == 30_001)
            #expect(abs(sound.peak - 0.5) < 0.05)
            #expect(abs(sound.rms + 9.03) < 0.3)
        }
    }

    @Test("the same samples give the same bytes", arguments: AudioFormat.allCases)
    func determinism(format: AudioFormat) throws {
        var files: [[UInt8]] = []
        for _ in 0..<2 {
            try withTemporaryFile { path in
                try write(tone(frames: 50_000, channels: 2), to: path, format: format, channels: 2)
                files.append(try contents(of: path))
            }
        }
        #expect(files[0] == files[1])
    }
}
