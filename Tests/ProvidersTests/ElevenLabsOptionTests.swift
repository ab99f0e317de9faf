import JSON
import Providers
import Sound
import Testing

@Suite("ElevenLabs' options and formats")
struct ElevenLabsOptionTests {
    private static let formats: [String] = {
        let rates = [8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]
        let bits = [32, 64, 96, 128, 192]
        return ["mp3_22050_32", "mp3_24000_48", "ulaw_8000", "alaw_8000"]
            + bits.flatMap { ["mp3_44100_\($0)", "opus_48000_\($0)"] }
            + rates.flatMap { ["pcm_\($0)", "wav_\($0)"] }
    }()

    private func operation(_ name: String) throws -> Operation {
        try #require(ElevenLabs.provider.operations.first { $0.name == name })
    }

    private func receipt(_ name: String, _ options: JSONObject) throws -> AudioReceipt {
        let operation = try operation(name)
        guard case .streamed(let translator) = operation.delivery else { throw NotStreamed() }
        var request = SoundRequest(prompt: "rain")
        request.providerOptions = ["elevenlabs": .object(options)]
        let route = Route(
            name: RouteName(provider: "elevenlabs", operation: name),
            model: nil,
            prompt: "rain",
            fulfilment: [:],
            estimatedCost: nil
        )
        return translator.receipt(
            UpstreamReply(status: 200, body: []),
            for: Order(request, route: route, takes: 1)
        )
    }

    private struct NotStreamed: Error {}

    @Test("each of the vendor's 28 formats is taken, and nothing but samples is wrapped")
    func everyFormat() throws {
        #expect(Set(Self.formats).count == 28)
        for format in Self.formats {
            let options: JSONObject = ["output_format": .string(format)]
            #expect(try operation("sound_effect").problems(in: options).isEmpty)
            let isTaken = try operation("music").problems(in: options).isEmpty
            #expect(isTaken != format.hasPrefix("wav_"), "songs never come in WAV files")
            let raw = try receipt("sound_effect", options).raw
            let isBare = ["pcm", "ulaw", "alaw"].contains { format.hasPrefix($0) }
            #expect((raw != nil) == isBare, "\(format)")
            if let raw { #expect(format.hasSuffix("_\(raw.sampleRate)")) }
        }
    }

    @Test("songs have bit rates of their own", arguments: [128, 192, 240, 320])
    func songs(_ rate: Int) throws {
        let options: JSONObject = ["output_format": .string("mp3_48000_\(rate)")]
        #expect(try operation("music").problems(in: options).isEmpty)
        #expect(try operation("sound_effect").problems(in: options).count == 1)
    }

    @Test("the number of channels can be said for samples, telephone codings are mono")
    func channels() throws {
        #expect(try receipt("sound_effect", ["output_format": "pcm_8000"]).raw?.channels == 1)
        #expect(try receipt("music", ["output_format": "pcm_8000"]).raw?.channels == 2)
        #expect(try receipt("music", ["output_format": "pcm_8000", "channels": 1]).raw?.channels == 1)
        #expect(try receipt("music", ["output_format": "ulaw_8000", "channels": 2]).raw?.channels == 1)
    }

    @Test(
        "a wrong option is told with its remedy",
        arguments: [
            ("sound_effect", ["output_format": "mp3_44100_129"], Problem.Code.unknownValue, "mp3_44100_128"),
            ("sound_effect", ["output_format": "auto"], .unknownValue, "wav_32000"),
            ("music", ["output_format": 7], .wrongType, "string"),
            ("sound_effect", ["enable_logging": "no"], .wrongType, "true or false"),
            ("music", ["enable_logging": false], .notSupported, "effects"),
            ("music", ["channels": 3], .outOfRange, "1 or 2"),
            ("music", ["channels": "2"], .wrongType, "1 or 2"),
            ("music", ["seed": 3], .unknownField, "output_format"),
        ] as [(String, JSONObject, Problem.Code, String)]
    )
    func wrongOptions(_ name: String, _ options: JSONObject, _ code: Problem.Code, _ remedy: String) throws {
        let problems = try operation(name).problems(in: options)
        #expect(problems.map(\.code) == [code])
        #expect(problems.map(\.field) == Array(options.keys))
        #expect(problems.allSatisfy { $0.message.contains(remedy) })
    }
}
