import Emulators
import HTTP
import HTTPServer
import JSON
import Testing

@Suite struct MusicGPTWebhookTests {
    private static let asking: JSONObject = ["webhook_url": "http://gateway.test/hook"]
    private static let instrumental: JSONObject = [
        "webhook_url": "http://gateway.test/hook", "make_instrumental": true,
    ]

    private func subtypes(_ emulation: Emulation) -> [String] {
        emulation.mailbox.letters.map { $0.json?["subtype"]?.string ?? "" }
    }

    static let songs: [(JSONObject, String, [String])] = [
        (
            asking, "natural",
            ["music_ai", "music_ai", "lyrics_timestamped", "lyrics_timestamped", "album_cover_generation"]
        ),
        (instrumental, "natural", ["music_ai", "music_ai", "album_cover_generation"]),
        (
            asking, "reversed",
            ["album_cover_generation", "lyrics_timestamped", "lyrics_timestamped", "music_ai", "music_ai"]
        ),
    ]

    @Test("a song has five webhooks, an instrumental three, in the order that is set", arguments: songs)
    func song(_ more: JSONObject, _ order: String, _ expected: [String]) async throws {
        let emulation = try Emulation()
        try await emulation.turn("callback_order", .string(order), at: "musicgpt")
        let song = try await emulation.song("the sea", more)
        await emulation.pass(.seconds(30))
        #expect(subtypes(emulation) == (order == "natural" ? ["music_ai"] : []))
        await emulation.pass(.seconds(10))
        #expect(subtypes(emulation) == expected)
        let letters = emulation.mailbox.letters.compactMap(\.json)
        #expect(letters.allSatisfy { $0["task_id"] == song["task_id"] })
        #expect(letters.allSatisfy { $0["status"] == nil })
        let music = letters.filter { $0["subtype"]?.string == "music_ai" }
        #expect(
            Set(music.map { $0["conversion_id"]?.string })
                == [song["conversion_id_1"]?.string, song["conversion_id_2"]?.string]
        )
        #expect(music.allSatisfy { $0["conversion_type"]?.string == "Music AI" })
        #expect(music.allSatisfy { $0["is_flagged"]?.bool == false })
        let isSung = more["make_instrumental"] == nil
        #expect(music.allSatisfy { $0["lyrics"]?.string?.isEmpty == !isSung })
        let cover = letters.first { $0["subtype"]?.string == "album_cover_generation" }
        #expect(cover?["image_path"]?.string?.hasSuffix(".png") == true)
    }

    @Test("a webhook's files are there, and its lyrics are a string of JSON")
    func content() async throws {
        let emulation = try Emulation()
        _ = try await emulation.song("the sea", ["webhook_url": "http://g.test/", "output_length": 1])
        await emulation.pass(.seconds(40))
        let letters = emulation.mailbox.letters.compactMap(\.json)
        for name in ["conversion_path", "conversion_path_wav"] {
            let path = try emulation.target(letters[1][name])
            let response = try await emulation.call(.get, path, key: nil)
            #expect(try Recording(try await response.collectBody()).duration == 1)
        }
        #expect(letters[1]["conversion_duration"]?.double == 1)
        let timed = try JSONValue(parsing: try #require(letters[2]["lyrics_timestamped"]?.string))
        #expect(timed[0] == ["index": 0, "text": "the sea", "start": 0, "end": 1000])
    }

    @Test("a sound has one webhook, whose maps have the prefix twice")
    func sound() async throws {
        let emulation = try Emulation()
        let sound = try await emulation.sound("rain", Self.asking)
        await emulation.pass(.seconds(20))
        #expect(emulation.mailbox.letters.count == 1)
        let letter = try #require(emulation.mailbox.letters.first?.json)
        #expect(
            Set(letter.object?.keys.map(\.self) ?? []) == [
                "success", "conversion_type", "task_id", "conversion_id", "conversion_path",
                "conversion_path_wav", "conversion_duration", "message", "conversion_paths",
                "conversion_paths_wav", "conversion_durations",
            ]
        )
        #expect(letter["conversion_type"]?.string == "Sound Creator")
        let id = try #require(sound["conversion_id"]?.string)
        let path = try #require(letter["conversion_path"]?.string)
        #expect(letter["conversion_paths"]?[id]?.string == "http://127.0.0.1:9090/musicgpt/\(path)")
        #expect(letter["conversion_durations"]?[id]?.double == 5)
    }

    @Test(
        "a bad end is told once, and a flagged song says why",
        arguments: [("failed", false), ("sensitive", true)],
        ["poll", "callback"]
    )
    func badEnd(_ fault: (String, Bool), _ operation: String) async throws {
        let emulation = try Emulation()
        try await emulation.script(operation, fault.0, at: "musicgpt")
        let song = try await emulation.song("the sea", Self.asking)
        if operation == "poll" { _ = try await emulation.conversion(song, "MUSIC_AI") }
        await emulation.pass(.seconds(100))
        #expect(emulation.mailbox.letters.count == 1)
        let letter = try #require(emulation.mailbox.letters.first?.json)
        #expect(letter["success"]?.bool == false)
        #expect(letter["task_id"] == song["task_id"])
        #expect((letter["is_flagged"]?.bool == true) == fault.1)
        #expect((letter["reason"] ?? letter["error"])?.string?.isEmpty == false)
    }

    @Test("webhooks can have the generic page's form")
    func generic() async throws {
        let emulation = try Emulation()
        try await emulation.turn("webhooks", "generic", at: "musicgpt")
        _ = try await emulation.song("the sea", Self.asking)
        await emulation.pass(.seconds(40))
        let letters = emulation.mailbox.letters.compactMap(\.json)
        #expect(letters.count == 2)
        #expect(letters.allSatisfy { $0["conversion_type"]?.string == "MUSIC_AI" })
        #expect(letters.allSatisfy { $0["status"]?.string == "COMPLETED" })
        #expect(letters.allSatisfy { $0["audio_url"]?.string?.hasSuffix(".mp3") == true })
    }

    @Test("in callback-only mode a poll tells nothing before every webhook was accepted")
    func only() async throws {
        let emulation = try Emulation()
        try await emulation.turn("callbacks", "only", at: "musicgpt")
        try await emulation.turn("callback_retry_seconds", [60], at: "musicgpt")
        emulation.mailbox.answer(.answered(200), .answered(200), .answered(500))
        let song = try await emulation.song("the sea", Self.asking)
        await emulation.pass(.seconds(40))
        #expect(try await emulation.conversion(song, "MUSIC_AI")["status"]?.string == "IN_QUEUE")
        await emulation.pass(.seconds(60))
        #expect(emulation.mailbox.letters.count == 6)
        #expect(try await emulation.conversion(song, "MUSIC_AI")["status"]?.string == "COMPLETED")
    }

    @Test("nothing is documented of retries, so a refused webhook does not come again")
    func refused() async throws {
        let emulation = try Emulation()
        emulation.mailbox.answer(.answered(500))
        _ = try await emulation.sound("rain", Self.asking)
        for _ in 0..<5 { await emulation.pass(.seconds(600)) }
        #expect(emulation.mailbox.letters.count == 1)
    }
}
