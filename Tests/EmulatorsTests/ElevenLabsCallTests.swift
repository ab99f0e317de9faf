import HTTP
import HTTPServer
import JSON
import Testing

@Suite struct ElevenLabsCallTests {
    private let body: JSONValue = ["text": "dog bark", "duration_seconds": 0.5]

    // MARK: What is wrong with a call

    /// The call, its body, where the vendor says that it is wrong, and of which type.
    static let invalid: [(String, JSONValue, [String], String)] = [
        ("sound-generation", [:], ["body", "text"], "missing"),
        ("sound-generation", ["text": 5], ["body", "text"], "string_type"),
        ("sound-generation", ["text": ""], ["body", "text"], "string_too_short"),
        (
            "sound-generation", ["text": "x", "duration_seconds": 0.4], ["body", "duration_seconds"],
            "greater_than_equal"
        ),
        (
            "sound-generation", ["text": "x", "duration_seconds": 30.5], ["body", "duration_seconds"],
            "less_than_equal"
        ),
        (
            "sound-generation", ["text": "x", "prompt_influence": 1.1], ["body", "prompt_influence"],
            "less_than_equal"
        ),
        (
            "sound-generation", ["text": "x", "prompt_influence": "much"], ["body", "prompt_influence"],
            "float_type"
        ),
        ("sound-generation", ["text": "x", "loop": "yes"], ["body", "loop"], "bool_type"),
        ("sound-generation", ["text": "x", "model_id": "music_v1"], ["body", "model_id"], "enum"),
        (
            "sound-generation?output_format=mp3_44100_100", ["text": "x"], ["query", "output_format"], "enum"
        ),
        ("sound-generation?output_format=auto", ["text": "x"], ["query", "output_format"], "enum"),
        (
            "sound-generation?enable_logging=maybe", ["text": "x"], ["query", "enable_logging"],
            "bool_parsing"
        ),
        ("sound-generation", "rain", ["body"], "model_attributes_type"),
        ("music", [:], ["body"], "value_error"),
        (
            "music", ["prompt": "x", "composition_plan": ["sections": [["duration_ms": 3000]]]], ["body"],
            "value_error"
        ),
        (
            "music", ["prompt": "x", "music_length_ms": 2999], ["body", "music_length_ms"],
            "greater_than_equal"
        ),
        (
            "music", ["prompt": "x", "music_length_ms": 600_001], ["body", "music_length_ms"],
            "less_than_equal"
        ),
        ("music", ["prompt": "x", "music_length_ms": 3000.5], ["body", "music_length_ms"], "int_type"),
        ("music", ["prompt": "x", "seed": 1], ["body"], "value_error"),
        ("music", ["prompt": "x", "force_instrumental": 1], ["body", "force_instrumental"], "bool_type"),
        ("music", ["prompt": "x", "model_id": "eleven_text_to_sound_v2"], ["body", "model_id"], "enum"),
        ("music?output_format=wav_44100", ["prompt": "x"], ["query", "output_format"], "enum"),
        (
            "music", ["composition_plan": ["sections": [["duration_ms": 10]]]],
            ["body", "composition_plan", "sections", "0", "duration_ms"], "value_error"
        ),
        ("music", ["composition_plan": [:]], ["body", "composition_plan"], "missing"),
    ]

    @Test("what is wrong is listed with its place, and takes no job", arguments: invalid)
    func validation(_ path: String, _ body: JSONValue, _ place: [String], _ type: String) async throws {
        let bench = try await ElevenLabsBench()
        let response = try await bench.post(path, body)
        #expect(response.status.code == 422)
        let detail = try await bench.emulation.json(response)["detail"]?.array
        #expect(detail?.count == 1)
        #expect(detail?[0]["loc"]?.array?.compactMap(\.string) == place)
        #expect(detail?[0]["type"]?.string == type)
        #expect(detail?[0]["msg"]?.string?.isEmpty == false)
        #expect(try await bench.accepted() == 0)
    }

    @Test("all that is wrong is listed at once")
    func several() async throws {
        let bench = try await ElevenLabsBench()
        let response = try await bench.sound(["loop": 1, "duration_seconds": 99])
        #expect(try await bench.emulation.json(response)["detail"]?.array?.count == 3)
    }

    @Test("the ends of the ranges are inside")
    func bounds() async throws {
        let bench = try await ElevenLabsBench()
        for (seconds, influence) in [(0.5, 0.0), (30, 1)] {
            let body: JSONValue = [
                "text": .string(String(repeating: "é", count: 450)), "duration_seconds": .number(seconds),
                "prompt_influence": .number(influence), "model_id": "eleven_text_to_sound_v3",
            ]
            #expect(try await bench.sound(body).status == .ok)
        }
    }

    @Test("a text that is too long is refused by its own word")
    func tooLong() async throws {
        let bench = try await ElevenLabsBench()
        let response = try await bench.sound(["text": .string(String(repeating: "x", count: 451))])
        #expect(response.status == .badRequest)
        #expect(try await bench.word(response) == "max_character_limit_exceeded")
        try await bench.turn("text_limit", 451)
        #expect(try await bench.sound(["text": .string(String(repeating: "x", count: 451))]).status == .ok)
    }

    // MARK: Who may call

    @Test(
        "the key stands in its own field",
        arguments: [(nil, "needs_authorization"), ("", "needs_authorization"), ("k-2", "invalid_api_key")]
            as [(String?, String)]
    )
    func credentials(_ key: String?, _ word: String) async throws {
        let bench = try await ElevenLabsBench(["key": "k-1"])
        let response = try await bench.sound(body, key: key)
        #expect(response.status == .unauthorized)
        #expect(try await bench.word(response) == word)
        #expect(try await bench.sound(body).status == .ok)
    }

    @Test("the log has the form of the key, and not the key")
    func log() async throws {
        let bench = try await ElevenLabsBench()
        let response = try await bench.sound(body, format: "mp3_44100_64", key: "k-secret")
        let call = try await bench.emulation.lastCall()
        #expect(call["auth"]?.string == "xi-api-key")
        #expect(!call.description.contains("secret"))
        #expect(call["path"]?.string == "/elevenlabs/v1/sound-generation")
        #expect(call["query"]?["output_format"]?.string == "mp3_44100_64")
        #expect(call["content_type"]?.string == "application/json")
        #expect(call["body"]?["duration_seconds"]?.double == 0.5)
        #expect(call["task"]?.string == response.fields["request-id"])
        #expect(call["outcome"]?.string == "accepted")
    }

    @Test(
        "a plan has formats that it does not include",
        arguments: [
            ("free", "mp3_44100_192", false), ("creator", "mp3_44100_192", true),
            ("creator", "pcm_44100", false),
            ("creator", "wav_48000", false), ("creator", "pcm_32000", true), ("pro", "pcm_44100", true),
        ]
    )
    func plans(_ tier: String, _ format: String, _ isIncluded: Bool) async throws {
        let bench = try await ElevenLabsBench(["tier": .string(tier)])
        let response = try await bench.sound(body, format: format)
        #expect(response.status == (isIncluded ? .ok : .forbidden))
        if !isIncluded { #expect(try await bench.word(response) == "output_format_not_allowed") }
    }

    // MARK: What it costs

    @Test("the head tells the cost, the account is charged, and then the quota is used up")
    func cost() async throws {
        let bench = try await ElevenLabsBench(["character_limit": 120])
        let response = try await bench.sound(["text": "dog bark", "duration_seconds": 0.75])
        #expect(response.fields["character-cost"] == "19")
        #expect(response.fields["request-id"]?.isEmpty == false)
        #expect(response.fields["current-concurrent-requests"] == "1")
        #expect(response.fields["maximum-concurrent-requests"] == "10")
        #expect(try await bench.sound(["text": "dog bark, 1 second"]).fields["character-cost"] == "100")
        let refused = try await bench.sound(body)
        #expect(refused.status == .unauthorized)
        #expect(try await bench.word(refused) == "quota_exceeded")
        let subscription = try await bench.subscription()
        #expect(subscription["character_count"]?.integer == 119)
        #expect(subscription["character_limit"]?.integer == 120)
        #expect(subscription["tier"]?.string == "pro")
    }

    @Test("a plan's calls run beside each other, and one more is refused")
    func concurrency() async throws {
        let bench = try await ElevenLabsBench(["maximum_concurrent_requests": 1, "generation_seconds": 4])
        async let first = bench.sound(body)
        await bench.emulation.clock.someoneSleeps()
        let second = try await bench.sound(body)
        #expect(second.status == .tooManyRequests)
        #expect(try await bench.word(second) == "too_many_concurrent_requests")
        bench.emulation.clock.advance(by: .seconds(4))
        #expect(try await first.status == .ok)
        try await bench.turn("generation_seconds", 0)
        #expect(try await bench.sound(body).status == .ok)
    }

    // MARK: Faults

    static let words: [(String, Int)] = [
        ("invalid_api_key", 401), ("quota_exceeded", 401), ("missing_permissions", 401),
        ("max_character_limit_exceeded", 400), ("too_many_concurrent_requests", 429), ("system_busy", 429),
        ("bad_prompt", 400), ("bad_composition_plan", 400),
    ]

    @Test("each of the vendor's words can be scripted, under its status or another", arguments: words)
    func refuse(_ word: String, _ status: Int) async throws {
        let bench = try await ElevenLabsBench()
        try await bench.script("refuse", ["word": .string(word), "retry_after": 3])
        try await bench.script("refuse", ["word": .string(word), "code": 418])
        for expected in [status, 418] {
            let response = try await bench.sound(body)
            #expect(response.status.code == expected)
            #expect(response.fields["Retry-After"] == (expected == status ? "3" : nil))
            #expect(try await bench.word(response) == word)
        }
        #expect(try await bench.accepted() == 0)
    }

    @Test("a code alone gets its usual form")
    func codes() async throws {
        let bench = try await ElevenLabsBench()
        for code in [402, 422, 429, 503] as [Int64] {
            try await bench.script("refuse", ["code": .integer(code)])
            let response = try await bench.sound(body)
            #expect(response.status.code == code)
            let detail = try await bench.emulation.json(response)["detail"]
            #expect((detail?.array != nil) == (code == 422))
        }
    }

    @Test("a prompt that is refused comes with a better one")
    func sensitive() async throws {
        let bench = try await ElevenLabsBench()
        try await bench.script("sensitive")
        let response = try await bench.music(["prompt": "like that band"])
        #expect(response.status == .badRequest)
        let detail = try await bench.emulation.json(response)["detail"]
        #expect(detail?["status"]?.string == "bad_prompt")
        #expect(detail?["data"]?["prompt_suggestion"]?.string?.isEmpty == false)
    }

    @Test("what a whole answer can have in place of the sound is charged all the same")
    func strangeBodies() async throws {
        let bench = try await ElevenLabsBench()
        let whole = try await bench.sound(body, format: "wav_16000").collectBody()
        for fault in ["truncated", "html", "empty"] {
            try await bench.script(fault)
            let response = try await bench.sound(body, format: "wav_16000")
            #expect(response.status == .ok)
            let bytes = try await response.collectBody()
            switch fault {
            case "truncated": #expect(bytes == Array(whole.prefix(whole.count / 2)))
            case "html": #expect(response.fields["Content-Type"] == "text/html")
            default: #expect(bytes.isEmpty)
            }
        }
        #expect(try await bench.accepted() == 4)
    }

    @Test(
        "the connection is cut before or after the job is taken, or in the middle of the sound",
        arguments: [("drop_before_accept", 0), ("drop_after_accept", 1), ("half_body", 1)]
            as [(String, Int64)]
    )
    func cut(_ fault: String, _ jobs: Int64) async throws {
        let bench = try await ElevenLabsBench()
        try await bench.script(fault)
        let response = try await bench.sound(body)
        await #expect(throws: (any Error).self) { try await response.collectBody() }
        #expect(try await bench.accepted() == jobs)
    }

    @Test("a slow body has its head at once, and its pieces spread over the time")
    func slowBody() async throws {
        let bench = try await ElevenLabsBench()
        let body: JSONValue = ["text": "rain", "duration_seconds": 1]
        let whole = try await bench.sound(body, format: "pcm_16000").collectBody()
        try await bench.script("slow_body", ["seconds": 6])
        let response = try await bench.sound(body, format: "pcm_16000")
        #expect(response.status == .ok)
        async let bytes = response.collectBody()
        // Two pieces.
        for _ in 0..<2 {
            await bench.emulation.clock.someoneSleeps()
            bench.emulation.clock.advance(by: .seconds(3))
        }
        #expect(try await bytes == whole)
    }

    @Test("a sound takes its time, at the speed of the doubles")
    func generation() async throws {
        let bench = try await ElevenLabsBench(["generation_seconds": 3])
        async let response = bench.sound(body)
        await bench.emulation.clock.someoneSleeps()
        #expect(try await bench.accepted() == 1)
        bench.emulation.clock.advance(by: .seconds(3))
        #expect(try await response.status == .ok)
    }

    @Test("an unknown path or method is told in the framework's words")
    func unrouted() async throws {
        let bench = try await ElevenLabsBench()
        let missing = try await bench.post("speech", [:])
        #expect(missing.status == .notFound)
        #expect(try await bench.emulation.json(missing)["detail"]?.string == "Not Found")
        let wrong = try await bench.emulation.call(.get, "/elevenlabs/v1/music")
        #expect(wrong.status.code == 405)
    }
}
