import AudioFile
import JSON
import Testing

/// Each operation of each vendor, from the command line to the file, with what its double saw of it.
@Suite struct EveryVendorTests {
    /// A sound to ask for, and the call that it must become.
    struct Offer: Sendable, CustomTestStringConvertible {
        let operation: String
        let words: [String]
        var model: String?
        let path: String
        var query: JSONValue = [:]
        var auth = "Bearer"
        var type = "application/json"
        let fields: [String]
        let values: JSONObject
        let outputs: Int
        let duration: ClosedRange<Double>

        var vendor: String { String(operation.prefix { $0 != "/" }) }
        var testDescription: String { model.map { "\(operation) \($0)" } ?? operation }

        static let all: [Offer] = [
            Offer(
                operation: "musicgpt/sound",
                words: ["creaking door", "--duration", "2"],
                path: "/v1/sound_generator",
                auth: "raw",
                type: "application/x-www-form-urlencoded",
                fields: ["prompt", "audio_length", "webhook_url"],
                values: [:],
                outputs: 1,
                duration: 1.9...2.1
            ),
            Offer(
                operation: "musicgpt/music",
                words: [
                    "calm piano", "--type", "music", "--duration", "4", "--instrumental", "--style", "jazz",
                    "--negative-prompt", "drums",
                ],
                path: "/v1/MusicAI",
                auth: "raw",
                fields: [
                    "prompt", "music_style", "make_instrumental", "output_length", "negative_tags",
                    "webhook_url",
                ],
                values: [
                    "prompt": "calm piano", "music_style": "jazz", "make_instrumental": true,
                    "output_length": 4,
                    "negative_tags": "drums",
                ],
                outputs: 2,
                duration: 3.9...4.1
            ),
            suno("sunoapi", "V5"), suno("sunoapi", "V5_5"), suno("apibox", "V5"), suno("kie", "V5"),
            Offer(
                operation: "videogen/sound_effect",
                words: [
                    "creaking door", "--duration", "2.5", "--variations", "2", "--prompt-influence", "0.5",
                    "--temporary",
                ],
                path: "/v1/tools/generate-sound-effect",
                fields: ["prompt", "durationSeconds", "promptInfluence", "numResults", "isOutputTemporary"],
                values: [
                    "prompt": "creaking door", "durationSeconds": 2.5, "promptInfluence": 0.5,
                    "numResults": 2,
                    "isOutputTemporary": true,
                ],
                outputs: 2,
                duration: 2.4...2.6
            ),
            Offer(
                operation: "elevenlabs/sound_effect",
                words: [
                    "soft rain", "--duration", "2", "--loop", "--prompt-influence", "0.5", "--format", "wav",
                ],
                model: "eleven_text_to_sound_v2",
                path: "/v1/sound-generation",
                query: ["output_format": "wav_32000"],
                auth: "xi-api-key",
                fields: ["text", "model_id", "duration_seconds", "prompt_influence", "loop"],
                values: [
                    "text": "soft rain", "model_id": "eleven_text_to_sound_v2", "duration_seconds": 2,
                    "prompt_influence": 0.5, "loop": true,
                ],
                outputs: 1,
                duration: 1.99...2.01
            ),
            Offer(
                operation: "elevenlabs/music",
                words: ["calm piano", "--type", "music", "--duration", "4", "--instrumental"],
                model: "music_v1",
                path: "/v1/music",
                auth: "xi-api-key",
                fields: ["prompt", "model_id", "music_length_ms", "force_instrumental"],
                values: [
                    "prompt": "calm piano", "model_id": "music_v1", "music_length_ms": 4000,
                    "force_instrumental": true,
                ],
                outputs: 1,
                duration: 3.9...4.1
            ),
        ]

        private static func suno(_ host: String, _ model: String) -> Offer {
            Offer(
                operation: "\(host)/sounds",
                words: [
                    "techno pulse, 3 seconds long", "--loop", "--bpm", "120", "--key", "Bbm", "--model",
                    model,
                ],
                model: model,
                path: "/api/v1/generate/sounds",
                fields: ["prompt", "model", "soundLoop", "soundTempo", "soundKey", "callBackUrl"],
                values: [
                    "prompt": "techno pulse, 3 seconds long", "model": .string(model), "soundLoop": true,
                    "soundTempo": 120, "soundKey": "A#m",
                ],
                outputs: 2,
                duration: 1...8
            )
        }
    }

    @Test(arguments: Offer.all)
    func aSoundIsAskedForAsDocumentedAndSavedAsAudio(_ offer: Offer) async throws {
        try await withEveryVendor { gateway, doubles, folder in
            let asked =
                ["sound"] + offer.words + ["--provider", offer.vendor, "-o", ".", "--json", "--server"]
                + [gateway.address]
            let run = try await Program.run(asked, in: folder)
            #expect(run.status == 0, "\(run.errors)")
            let task = try JSONValue(parsing: run.output)
            #expect(task["status"] == "succeeded")
            #expect("\(task["provider"]?.string ?? "")/\(task["operation"]?.string ?? "")" == offer.operation)
            if let model = offer.model { #expect(task["model"]?.string == model) }

            let calls = try await doubles.calls("operation=create")
            #expect(calls.count == 1)
            let call = try #require(calls.first)
            #expect(call["method"] == "POST")
            #expect(call["path"]?.string == "/\(offer.vendor)\(offer.path)")
            #expect(call["query"] == offer.query)
            #expect(call["auth"]?.string == offer.auth)
            #expect(call["content_type"]?.string == offer.type)
            #expect(call["fields"]?.array?.compactMap(\.string) == offer.fields)
            #expect(call["body"]?.holds(offer.values) == true, "\(call)")

            let files = try #require(task["files"]?.array).compactMap(\.string)
            #expect(files.count == offer.outputs)
            for file in files {
                let inspection = try AudioInspection(path: folder.file(file))
                #expect(offer.duration.contains(inspection.duration), "\(inspection.duration) s")
                #expect(inspection.rms > -50, "\(inspection.rms) dB")
            }
        }
    }

    @Test func theConfigurationForTheDoublesHasAllOfThem() async throws {
        try await withEveryVendor { gateway, doubles, _ in
            let known = try await doubles.get("/").json["doubles"]?.array ?? []
            let providers = try await gateway.get("/v1/providers").json["data"]?.array ?? []
            let enabled = providers.filter { $0["enabled"] == true }
            #expect(
                Set(enabled.compactMap { $0["name"]?.string })
                    == Set(known.compactMap { $0["vendor"]?.string })
            )
            for provider in enabled {
                let name = provider["name"]?.string ?? ""
                #expect(provider["adapter"]?.string == name)
                #expect(provider["base_url"]?.string == "\(doubles.address)/\(name)")
            }
        }
    }

    @Test func balancesStandBesideTheKeysOfVendorsThatTellThem() async throws {
        try await withEveryVendor { gateway, doubles, _ in
            for vendor in ["sunoapi", "apibox", "kie"] { try await doubles.turn(vendor, ["credits": 1234.5]) }
            try await doubles.turn("elevenlabs", ["character_count": 300, "character_limit": 1000])
            let providers = try await gateway.get("/v1/providers").json["data"]?.array ?? []
            let balances = providers.reduce(into: [String: Double]()) { balances, provider in
                let balance = provider["credentials"]?[0]?["balance"]
                balances[provider["name"]?.string ?? ""] = balance?["amount"]?.double
            }
            #expect(balances == ["sunoapi": 1234.5, "apibox": 1234.5, "kie": 1234.5, "elevenlabs": 700])
        }
    }

    @Test(arguments: ["musicgpt", "sunoapi"])
    func timesOfLyricsAreInSeconds(_ vendor: String) async throws {
        try await withEveryVendor { gateway, _, _ in
            var request: JSONObject = [
                "prompt": "a song about the sea", "type": "music", "timed_lyrics": true,
                "provider": .string(vendor),
            ]
            if vendor == "musicgpt" { request["lyrics"] = "The sea is wide\nThe sea is deep" }
            let task = try await gateway.sound(.object(request))
            #expect(task["status"] == "succeeded", "\(task)")
            #expect(task["fulfilment"]?["timed_lyrics"] == "native")
            let outputs = try #require(task["outputs"]?.array)
            #expect(outputs.count == 2)
            for output in outputs {
                let lines = try #require(output["timed_lyrics"]?.array, "\(output)")
                #expect(!lines.isEmpty)
                let length = try #require(output["duration"]?.double)
                for line in lines {
                    #expect(line.object?.keys.sorted() == ["end", "start", "text"])
                    let (start, end) = (line["start"]?.double ?? -1, line["end"]?.double ?? -1)
                    #expect(start >= 0 && start < end && end <= length + 0.1, "\(line) of \(length) s")
                }
                // Milliseconds taken for seconds would not fit, seconds taken for milliseconds would end at once.
                #expect((lines.last?["end"]?.double ?? 0) > 0.5, "\(lines)")
            }
        }
    }
}
