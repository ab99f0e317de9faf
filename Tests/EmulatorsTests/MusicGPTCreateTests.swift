import Emulators
import HTTP
import HTTPServer
import JSON
import Testing

@Suite struct MusicGPTCreateTests {
    private static let multipart: String = """
        --edge\r
        Content-Disposition: form-data; name="prompt"\r
        \r
        soft rain & wind\r
        --edge\r
        Content-Disposition: form-data; name="audio_length"\r
        Content-Type: text/plain\r
        \r
        7\r
        --edge--\r

        """

    static let bodies: [(String, String)] = [
        ("application/x-www-form-urlencoded", "prompt=soft+rain+%26+wind&audio_length=7"),
        ("multipart/form-data; boundary=edge", multipart),
        ("application/json", #"{"prompt": "soft rain & wind", "audio_length": 7}"#),
    ]

    @Test(
        "a sound is taken in each form, at each of the spelled paths, and the log has what was sent",
        arguments: bodies,
        ["/v1/sound_generator", "/v1/SoundGenerator", "/api/public/v1/sound_generator"]
    )
    func forms(_ form: (String, String), _ path: String) async throws {
        let emulation = try Emulation()
        let response = try await emulation.musicGPT(
            .post,
            path,
            contentType: form.0,
            body: Array(form.1.utf8)
        )
        let answer = try await emulation.json(response)
        #expect(
            Set(answer.object?.keys.map(\.self) ?? []) == [
                "success", "task_id", "conversion_id", "eta", "credit_estimate", "message", "status",
            ]
        )
        #expect(answer["status"]?.string == "IN_QUEUE")
        let call = try await emulation.lastCall()
        #expect(call["path"]?.string == "/musicgpt\(path)")
        #expect(call["auth"]?.string == "raw")
        #expect(call["content_type"]?.string == form.0)
        #expect(call["fields"] == ["prompt", "audio_length"])
        #expect(call["task"] == answer["task_id"])
        emulation.clock.advance(by: .seconds(20))
        try await emulation.turn("sound_profile", "observed", at: "musicgpt")
        let conversion = try await emulation.conversion(answer, "SOUND_GENERATOR")
        #expect(conversion["conversion_duration"]?.double == 7)
    }

    static let malformed: [(String, String)] = [
        ("multipart/form-data; boundary=edge", String(multipart.prefix { $0 != "7" })),
        ("multipart/form-data; boundary=other", multipart),
        ("multipart/form-data", multipart),
        ("multipart/form-data; boundary=edge", multipart.replacing("name=", with: "mane=")),
        ("multipart/form-data; boundary=edge", "--edge\r\nno blank line\r\n--edge--\r\n"),
        ("application/x-www-form-urlencoded", "prompt=%zz"), ("application/json", #"["prompt"]"#),
        ("application/json", #"{"prompt": "x""#), ("text/plain", "prompt=x"),
    ]

    @Test("a body that is not of its type is refused", arguments: malformed)
    func malformedBody(_ contentType: String, _ body: String) async throws {
        let emulation = try Emulation()
        let response = try await emulation.musicGPT(
            .post,
            "/v1/sound_generator",
            contentType: contentType,
            body: Array(body.utf8)
        )
        try await expectRefusal(emulation, response)
        #expect(try await emulation.lastCall()["fields"] == [])
    }

    @Test("a song is taken with all its fields, and makes two versions")
    func song() async throws {
        let emulation = try Emulation()
        let answer = try await emulation.song(
            "",
            [
                "music_style": "Pop", "lyrics": "la la", "make_instrumental": false, "vocal_only": true,
                "gender": "neutral", "voice_id": "Drake", "output_length": 12.5, "negative_tags": "drums",
                "webhook_url": "http://gateway.test/",
            ]
        )
        #expect(
            Set(answer.object?.keys.map(\.self) ?? []) == [
                "success", "message", "task_id", "conversion_id_1", "conversion_id_2", "eta",
                "credit_estimate",
            ]
        )
        #expect(answer["conversion_id_1"] != answer["conversion_id_2"])
        #expect(answer["eta"]?.integer == 40)
    }

    static let refusedSounds: [JSONObject] = [
        [:], ["prompt": ""], ["prompt": 7], ["prompt": "x", "audio_length": 0],
        ["prompt": "x", "audio_length": 2.5], ["prompt": "x", "audio_length": "long"],
        ["prompt": "x", "webhook_url": "nowhere"], ["prompt": .string(String(repeating: "x", count: 301))],
    ]
    static let refusedSongs: [JSONObject] = [
        [:], ["prompt": "", "lyrics": ""], ["prompt": .string(String(repeating: "x", count: 301))],
        ["prompt": "x", "gender": "m"], ["prompt": "x", "make_instrumental": "yes"],
        ["prompt": "x", "output_length": -1],
    ]

    @Test("a bad sound is refused with 422 and a text", arguments: refusedSounds)
    func refusesSound(_ body: JSONObject) async throws {
        let emulation = try Emulation()
        try await expectRefusal(emulation, emulation.createSound(body))
    }

    @Test("a bad song is refused with 422 and a text", arguments: refusedSongs)
    func refusesSong(_ body: JSONObject) async throws {
        let emulation = try Emulation()
        try await expectRefusal(emulation, emulation.createSong(body))
    }

    private func expectRefusal(_ emulation: Emulation, _ response: Response) async throws {
        #expect(response.status == .unprocessableContent)
        let answer = try await emulation.json(response)
        #expect(answer["success"]?.bool == false)
        #expect(answer["error"]?.string?.isEmpty == false)
        #expect(try await emulation.control(.get, "tasks")["accepted"]?.integer == 0)
    }

    @Test("300 characters are taken, and empty text is none")
    func limits() async throws {
        let emulation = try Emulation()
        let longest = String(repeating: "é", count: 300)
        _ = try await emulation.sound(longest, ["webhook_url": "", "audio_length": ""])
        _ = try await emulation.song(longest, ["gender": "", "voice_id": "", "output_length": ""])
    }

    @Test("a song is taken as JSON only")
    func songForm() async throws {
        let emulation = try Emulation()
        let response = try await emulation.musicGPT(
            .post,
            "/v1/MusicAI",
            contentType: "application/x-www-form-urlencoded",
            body: Array("prompt=x".utf8)
        )
        #expect(response.status == .unprocessableContent)
    }

    @Test(
        "the key stands without a scheme; with one it is let pass when that is on",
        arguments: [
            ("k-1", false, 200), ("Bearer k-1", false, 401), ("Bearer k-1", true, 200), ("k-1", true, 200),
            ("Key k-1", true, 401), (nil, true, 401), ("", false, 401),
        ] as [(String?, Bool, Int)]
    )
    func key(_ authorization: String?, _ isTolerant: Bool, _ status: Int) async throws {
        let emulation = try Emulation()
        try await emulation.turn("tolerate_bearer", .bool(isTolerant), at: "musicgpt")
        let response = try await emulation.musicGPT(
            .post,
            "/v1/sound_generator",
            authorization: authorization,
            body: Array(#"{"prompt": "x"}"#.utf8)
        )
        #expect(response.status.code == status)
        if status == 401 { #expect(try await emulation.json(response)["detail"]?.string != nil) }
    }

    @Test(
        "an account without credits is told so in the documented words or in those that were seen",
        arguments: [
            ("documented", "error", "Insufficient credit balance"),
            ("observed", "message", "INSUFFICIENT FUNDS"),
        ]
    )
    func credits(_ form: String, _ member: String, _ words: String) async throws {
        let emulation = try Emulation()
        try await emulation.turn("credits", 1.5, at: "musicgpt")
        try await emulation.turn("credit_refusal", .string(form), at: "musicgpt")
        _ = try await emulation.sound()
        let response = try await emulation.createSound(["prompt": "x"])
        #expect(response.status == .paymentRequired)
        #expect(try await emulation.json(response) == ["success": false, .init(member): .string(words)])
    }

    @Test("the estimate is in whole seconds of the double's own time, or unknown every so often")
    func eta() async throws {
        let emulation = try Emulation { $0.speed = 16 }
        #expect(try await emulation.sound()["eta"]?.integer == 2)
        try await emulation.turn("unknown_eta_every", 3, at: "musicgpt")
        var etas: [Int64?] = []
        for _ in 0..<5 { etas.append(try await emulation.sound()["eta"]?.integer) }
        #expect(etas == [2, -1, 2, 2, -1])
    }

    @Test("an eleventh song at a time is refused until another has ended; sounds are not")
    func parallel() async throws {
        let emulation = try Emulation()
        for _ in 0..<10 { _ = try await emulation.song() }
        let refused = try await emulation.createSong(["prompt": "x"])
        #expect(refused.status == .tooManyRequests)
        #expect(try await emulation.json(refused)["retry_after"]?.integer == 1)
        _ = try await emulation.sound()
        emulation.clock.advance(by: .seconds(40))
        _ = try await emulation.song()
        try await emulation.turn("parallel_music", 0, at: "musicgpt")
        for _ in 0..<20 { _ = try await emulation.song() }
    }

    @Test("creates and polls can be limited to so many in an emulated minute")
    func rates() async throws {
        let emulation = try Emulation { $0.speed = 2 }
        try await emulation.turn("creates_per_minute", 2, at: "musicgpt")
        try await emulation.turn("polls_per_minute", 3, at: "musicgpt")
        let created = try await emulation.sound()
        emulation.clock.advance(by: .seconds(10))
        _ = try await emulation.sound()
        #expect(try await emulation.createSound(["prompt": "x"]).status == .tooManyRequests)
        emulation.clock.advance(by: .seconds(20))
        _ = try await emulation.sound()
        #expect(try await emulation.createSound(["prompt": "x"]).status == .tooManyRequests)
        for _ in 0..<3 { _ = try await emulation.conversion(created, "SOUND_GENERATOR") }
        let id = try #require(created["task_id"]?.string)
        let refused = try await emulation.byID("conversionType=SOUND_GENERATOR&task_id=\(id)")
        #expect(refused.status == .tooManyRequests)
        #expect(try await emulation.json(refused)["retry_after"]?.integer == 30)
    }

    @Test("each documented status can be scripted", arguments: [400, 401, 402, 403, 404, 409, 422, 429, 500])
    func scripted(_ code: Int64) async throws {
        let emulation = try Emulation()
        try await emulation.script(
            "create",
            "refuse",
            ["code": .integer(code), "retry_after": 7],
            at: "musicgpt"
        )
        let response = try await emulation.createSong(["prompt": "x"])
        #expect(response.status.code == Int(code))
        #expect(response.fields["Retry-After"] == "7")
        let answer = try await emulation.json(response)
        #expect((answer["error"] ?? answer["detail"])?.string?.isEmpty == false)
        #expect(try await emulation.control(.get, "tasks")["accepted"]?.integer == 0)
        _ = try await emulation.song()
    }

    @Test("an unknown path or method gets the vendor's 404")
    func unrouted() async throws {
        let emulation = try Emulation()
        for (method, path) in [(HTTP.Method.get, "/v1/nothing"), (.delete, "/v1/MusicAI")] {
            let response = try await emulation.musicGPT(method, path)
            #expect(response.status == .notFound)
            #expect(try await emulation.json(response)["success"]?.bool == false)
            #expect(try await emulation.lastCall()["operation"]?.string == "unknown")
        }
    }
}
