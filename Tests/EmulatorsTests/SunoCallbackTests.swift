import Crypto
import Emulators
import HTTP
import HTTPServer
import JSON
import Testing

@Suite struct SunoCallbackTests {
    static let hosts = ["sunoapi", "apibox", "kie"]
    private static let asking: JSONObject = ["callBackUrl": "http://gateway.test/cb"]

    private func last(_ emulation: Emulation) throws -> JSONValue {
        try #require(emulation.mailbox.letters.last?.json)
    }

    @Test("the envelope is the documented one, with clips in snake_case", arguments: hosts)
    func envelope(_ host: String) async throws {
        let emulation = try Emulation()
        let id = try await emulation.job("click, 1 second long", Self.asking, at: host)
        await emulation.pass(.seconds(5))
        #expect(try last(emulation)["data"]?["data"] == [])
        await emulation.pass(.seconds(10))
        #expect(try last(emulation)["data"]?["data"]?.array?.count == 1)
        await emulation.pass(.seconds(5))
        let complete = try last(emulation)
        #expect(complete["code"]?.integer == 200)
        #expect(complete["msg"]?.string == "All generated successfully.")
        #expect(complete["data"]?["callbackType"]?.string == "complete")
        #expect(complete["data"]?["task_id"]?.string == id)
        let clips = try #require(complete["data"]?["data"]?.array)
        #expect(clips.count == 2)
        #expect(
            Set(clips[0].object?.keys.map(\.self) ?? []) == [
                "id", "audio_url", "source_audio_url", "stream_audio_url", "source_stream_audio_url",
                "image_url", "source_image_url", "prompt", "model_name", "title", "tags", "createTime",
                "duration",
            ]
        )
        #expect(clips[0]["createTime"]?.string?.count == 19)
        let url = try #require(clips[0]["audio_url"]?.string)
        let target = String(url.dropFirst("http://127.0.0.1:9090".count))
        #expect(target.hasPrefix("/\(host)/files/"))
        let file = try await emulation.call(.get, target, key: nil)
        #expect(try Recording(try await file.collectBody()).duration == 1)
    }

    @Test("a job without the states between is told of once")
    func direct() async throws {
        let emulation = try Emulation()
        try await emulation.turn("phases", "direct")
        _ = try await emulation.job("rain", Self.asking)
        await emulation.pass(.seconds(20))
        #expect(emulation.mailbox.letters.count == 1)
    }

    @Test(
        "a bad end is told once, in the host's word",
        arguments: [
            ("sunoapi", "failed", "error", 501), ("apibox", "failed", "failed", 501),
            ("kie", "sensitive", "error", 400), ("sunoapi", "create_failed", "error", 501),
        ] as [(String, String, String, Int64)],
        ["poll", "callback"]
    )
    func badEnd(_ row: (String, String, String, Int64), _ operation: String) async throws {
        let (host, fault, type, code) = row
        let emulation = try Emulation()
        try await emulation.script(operation, fault, at: host)
        let id = try await emulation.job("rain", Self.asking, at: host)
        if operation == "poll" { _ = try await emulation.poll(id, at: host) }
        await emulation.pass(.seconds(60))
        #expect(emulation.mailbox.letters.count == 1)
        let told = try last(emulation)
        #expect(told["code"]?.integer == code)
        #expect(told["data"]?["callbackType"]?.string == type)
        #expect(told["data"]?["data"] == .null)
        let status = try await emulation.poll(id, at: host)["data"]?["status"]?.string
        let words = [
            "failed": "GENERATE_AUDIO_FAILED", "sensitive": "SENSITIVE_WORD_ERROR",
            "create_failed": "CREATE_TASK_FAILED",
        ]
        #expect(status == words[fault])
    }

    @Test("a job that never ends is never told of, and a word that nobody knows is a callback too")
    func strange() async throws {
        let emulation = try Emulation()
        try await emulation.script("callback", "never")
        _ = try await emulation.job("rain", Self.asking)
        await emulation.pass(.seconds(60))
        #expect(emulation.mailbox.letters.isEmpty)
        try await emulation.script("callback", "unknown_word", ["word": "mastered"])
        _ = try await emulation.job("rain", Self.asking)
        await emulation.pass(.seconds(5))
        #expect(try last(emulation)["data"]?["callbackType"]?.string == "mastered")
    }

    @Test("in callback-only mode a poll tells of a bad end once its callback was accepted")
    func onlyBadEnd() async throws {
        let emulation = try Emulation()
        try await emulation.turn("callbacks", "only")
        try await emulation.turn("callback_retry_seconds", [10])
        try await emulation.script("callback", "failed")
        emulation.mailbox.answer(.answered(500))
        let id = try await emulation.job("rain", Self.asking)
        await emulation.pass(.seconds(5))
        #expect(try await emulation.status(id) == "PENDING")
        await emulation.pass(.seconds(10))
        #expect(try await emulation.status(id) == "GENERATE_AUDIO_FAILED")
        await emulation.pass(.seconds(60))
        #expect(emulation.mailbox.letters.count == 2)
    }

    @Test(
        "kie tries again after 1, 5 and 15 minutes, the others do not",
        arguments: [("kie", 4), ("apibox", 1)]
    )
    func retries(_ host: String, _ tries: Int) async throws {
        let emulation = try Emulation()
        try await emulation.turn("phases", "direct", at: host)
        emulation.mailbox.answer(.answered(500), .answered(202), .failed("closed"), .answered(500))
        _ = try await emulation.job("rain", Self.asking, at: host)
        for minutes in [1, 1, 5, 15, 60] { await emulation.pass(.seconds(60 * minutes)) }
        #expect(emulation.mailbox.letters.count == tries)
    }

    @Test("kie signs the task and the date of each try with the account's key")
    func signature() async throws {
        let emulation = try Emulation()
        try await emulation.turn("webhook_key", "s3cret", at: "kie")
        try await emulation.turn("phases", "direct", at: "kie")
        emulation.mailbox.answer(.answered(500))
        let id = try await emulation.job("rain", Self.asking, at: "kie")
        await emulation.pass(.seconds(20))
        await emulation.pass(.seconds(60))
        let letters = emulation.mailbox.letters
        #expect(letters.count == 2)
        var dates: [Int] = []
        for letter in letters {
            let date = try #require(letter.fields["X-Webhook-Timestamp"])
            let code = try #require(
                letter.fields["X-Webhook-Signature"].flatMap { Base64.standard.decode($0) }
            )
            #expect(HMACSHA256.isValid(code, for: Array("\(id).\(date)".utf8), key: Array("s3cret".utf8)))
            dates.append(try #require(Int(date)))
        }
        #expect(dates[1] - dates[0] == 60)
        let settings = try await emulation.control(.get, "settings")["kie"]
        #expect(settings?["signs_callbacks"]?.bool == true)
        #expect(settings?.description.contains("s3cret") == false)
    }

    @Test("a forged signature is not valid, and an account without a key has none")
    func forged() async throws {
        let emulation = try Emulation()
        _ = try await emulation.job("rain", Self.asking, at: "kie")
        await emulation.pass(.seconds(20))
        #expect(emulation.mailbox.letters.allSatisfy { !$0.fields.contains("X-Webhook-Signature") })
        try await emulation.turn("webhook_key", "s3cret", at: "kie")
        try await emulation.script("callback", "forged", at: "kie")
        let id = try await emulation.job("rain", Self.asking, at: "kie")
        await emulation.pass(.seconds(5))
        let letter = try #require(emulation.mailbox.letters.last)
        let date = try #require(letter.fields["X-Webhook-Timestamp"])
        let code = Base64.standard.decode(letter.fields["X-Webhook-Signature"] ?? "") ?? []
        #expect(!HMACSHA256.isValid(code, for: Array("\(id).\(date)".utf8), key: Array("s3cret".utf8)))
    }

    @Test("only kie knows a webhook key", arguments: ["sunoapi", "apibox"])
    func unsigned(_ host: String) async throws {
        let emulation = try Emulation()
        let body: JSONValue = ["vendor": .string(host), "webhook_key": "k"]
        let response = try await emulation.call(.post, "/_control/settings", key: nil, body: body)
        #expect(response.status == .badRequest)
    }

    @Test(
        "a last callback not answered with 200 makes an exception of a job whose audio is there, when that is on",
        arguments: [(true, 404, "CALLBACK_EXCEPTION"), (true, 200, "SUCCESS"), (false, 404, "SUCCESS")]
    )
    func exception(_ isOn: Bool, _ answer: Int, _ status: String) async throws {
        let emulation = try Emulation()
        try await emulation.turn("callback_exception", .bool(isOn))
        emulation.mailbox.answer(.answered(500), .answered(500), .answered(answer))
        let id = try await emulation.job("rain", Self.asking)
        await emulation.pass(.seconds(20))
        let data = try await emulation.poll(id)["data"]
        #expect(data?["status"]?.string == status)
        #expect(data?["response"]?["sunoData"]?.array?.count == 2)
        #expect(data?["errorCode"]?.isNull == true)
    }
}
