import AudioFile
import HTTP
import HTTPServer
import JSON
import Testing

@Suite struct ElevenLabsAudioTests {
    /// Name, media type, what it decodes as, and its rate.
    static let files: [(String, String, AudioFormat, Double)] = [
        ("mp3_22050_32", "audio/mpeg", .mp3, 22_050), ("mp3_24000_48", "audio/mpeg", .mp3, 24_000),
        ("mp3_44100_32", "audio/mpeg", .mp3, 44_100), ("mp3_44100_64", "audio/mpeg", .mp3, 44_100),
        ("mp3_44100_96", "audio/mpeg", .mp3, 44_100), ("mp3_44100_128", "audio/mpeg", .mp3, 44_100),
        ("mp3_44100_192", "audio/mpeg", .mp3, 44_100), ("wav_8000", "audio/wav", .wav, 8000),
        ("wav_16000", "audio/wav", .wav, 16_000), ("wav_22050", "audio/wav", .wav, 22_050),
        ("wav_24000", "audio/wav", .wav, 24_000), ("wav_32000", "audio/wav", .wav, 32_000),
        ("wav_44100", "audio/wav", .wav, 44_100), ("wav_48000", "audio/wav", .wav, 48_000),
        ("opus_48000_32", "audio/ogg", .ogg, 48_000), ("opus_48000_64", "audio/ogg", .ogg, 48_000),
        ("opus_48000_96", "audio/ogg", .ogg, 48_000), ("opus_48000_128", "audio/ogg", .ogg, 48_000),
        ("opus_48000_192", "audio/ogg", .ogg, 48_000),
    ]

    @Test("a sound comes as a file of the asked format, rate and length", arguments: files)
    func file(_ name: String, _ type: String, _ format: AudioFormat, _ rate: Double) async throws {
        let bench = try await ElevenLabsBench()
        let body: JSONValue = ["text": "dog bark", "duration_seconds": 1.5]
        let response = try await bench.sound(body, format: name)
        #expect(response.status == .ok)
        #expect(response.fields["Content-Type"] == type)
        let recording = try Recording(try await response.collectBody())
        #expect(recording.format == format)
        #expect(recording.rate == rate)
        // Where an MP3 frame has no room for the tag, the encoder's padding is heard too.
        let padding = name.hasSuffix("_32") || name.hasSuffix("_48") ? 0.12 : 0
        #expect((1.5...1.5 + padding + 0.0005).contains(recording.duration))
        #expect(recording.peak > 0.05)
    }

    @Test(
        "PCM has as many bytes as its length asks",
        arguments: [8000, 16_000, 22_050, 24_000, 32_000, 48_000]
    )
    func pcm(_ rate: Int) async throws {
        let bench = try await ElevenLabsBench()
        let body: JSONValue = ["text": "dog bark", "duration_seconds": 0.5]
        let mono = try await bench.sound(body, format: "pcm_\(rate)")
        #expect(mono.fields["Content-Type"] == "audio/pcm")
        #expect(try await mono.collectBody().count == rate)
        try await bench.turn("pcm_channels", 2)
        let stereo = try await bench.sound(body, format: "pcm_\(rate)")
        #expect(try await stereo.collectBody().count == 2 * rate)
    }

    @Test("PCM is what stands in the WAV file, without the header")
    func header() async throws {
        let bench = try await ElevenLabsBench(["pcm_channels": 2])
        let body: JSONValue = ["text": "dog bark", "duration_seconds": 1]
        let wav = try await bench.sound(body, format: "wav_44100").collectBody()
        let pcm = try await bench.sound(body, format: "pcm_44100").collectBody()
        let header = wav.count - pcm.count
        #expect(header >= 44)
        let worst = stride(from: 0, to: pcm.count, by: 2).map { place -> Int in
            let left = Int(Int16(truncatingIfNeeded: Int(pcm[place]) | Int(pcm[place + 1]) << 8))
            let place = place + header
            return abs(left - Int(Int16(truncatingIfNeeded: Int(wav[place]) | Int(wav[place + 1]) << 8)))
        }
        #expect(worst.max() ?? 99 <= 1)
    }

    @Test("telephone codings are one byte a sample and follow the PCM", arguments: ["ulaw", "alaw"])
    func telephone(_ coding: String) async throws {
        let bench = try await ElevenLabsBench()
        let body: JSONValue = ["text": "dog bark", "duration_seconds": 0.5]
        let pcm = try await bench.sound(body, format: "pcm_8000").collectBody()
        let coded = try await bench.sound(body, format: "\(coding)_8000").collectBody()
        #expect(coded.count == 4000)
        let decode = coding == "ulaw" ? decodeMuLaw : decodeALaw
        for (index, byte) in coded.enumerated() {
            let exact = Int(Int16(truncatingIfNeeded: Int(pcm[2 * index]) | Int(pcm[2 * index + 1]) << 8))
            // Four bits of mantissa: half a step of a sixteenth, and the smallest step near zero.
            #expect(abs(decode(byte) - exact) <= max(16, abs(exact) / 24))
        }
    }

    @Test(
        "a loop joins without a step in every kind of format",
        arguments: ["wav_44100", "wav_16000", "wav_48000"]
    )
    func loop(_ format: String) async throws {
        let bench = try await ElevenLabsBench()
        let body: JSONValue = ["text": "soft rain", "duration_seconds": 2, "loop": true]
        let recording = try Recording(try await bench.sound(body, format: format).collectBody())
        #expect(recording.join.step <= recording.join.largest)
        #expect(recording.left.suffix(1000).map(abs).max() ?? 0 > 0.01)
    }

    @Test("without a length it is the vendor's to choose, or what the text says")
    func automaticLength() async throws {
        let bench = try await ElevenLabsBench()
        let said = try Recording(try await bench.sound(["text": "rain, 2 seconds long"]).collectBody())
        #expect(said.duration == 2)
        let free = try Recording(
            try await bench.sound(["text": "dog bark", "duration_seconds": .null]).collectBody()
        )
        #expect((0.5...30).contains(free.duration))
    }

    static let models = [
        ("music_v1", 44_100.0), ("music_v2", 48_000), ("music_v2_5", 48_000), (nil, 44_100),
    ]

    @Test("music comes at its length, in a format that the model decides", arguments: models)
    func music(_ model: String?, _ rate: Double) async throws {
        let bench = try await ElevenLabsBench()
        var body: JSONObject = ["prompt": "calm piano", "music_length_ms": 3000]
        body["model_id"] = model.map { .string($0) }
        body["force_instrumental"] = true
        for format in [nil, "auto"] {
            let response = try await bench.music(.object(body), format: format)
            #expect(response.fields["Content-Type"] == "audio/mpeg")
            let recording = try Recording(try await response.collectBody())
            #expect(recording.rate == rate)
            #expect(recording.duration == 3)
        }
    }

    @Test("a plan's sections add up, for each way to write one", arguments: ["sections", "chunks"])
    func plan(_ name: String) async throws {
        let bench = try await ElevenLabsBench()
        let part: JSONValue = ["duration_ms": 3000, "positive_local_styles": ["piano"]]
        let plan: JSONObject = [name: [part, part]]
        let response = try await bench.post("music/stream", ["composition_plan": .object(plan)])
        #expect(try Recording(try await response.collectBody()).duration == 6)
    }

    @Test("equal calls give other sounds unless told otherwise")
    func repetition() async throws {
        let bench = try await ElevenLabsBench(["repeat_audio": false])
        let body: JSONValue = ["text": "rain", "duration_seconds": 0.5]
        let first = try await bench.sound(body).collectBody()
        #expect(try await bench.sound(body).collectBody() != first)
    }
}

private func decodeMuLaw(_ byte: UInt8) -> Int {
    let code = Int(~byte)
    let magnitude = ((code & 15) * 8 + 132) << (code >> 4 & 7)
    return code & 0x80 == 0 ? magnitude - 132 : 132 - magnitude
}

private func decodeALaw(_ byte: UInt8) -> Int {
    let code = Int(byte ^ 0x55)
    let exponent = code >> 4 & 7
    let magnitude = exponent == 0 ? (code & 15) * 16 + 8 : ((code & 15) * 16 + 264) << (exponent - 1)
    return code & 0x80 == 0 ? -magnitude : magnitude
}
