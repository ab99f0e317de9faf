import Crypto
import Emulators
import HTTP
import HTTPServer
import JSON
import Testing

@Suite struct VideoGenWebhookTests {
    private static let url = "https://gateway.test/v1/callbacks/videogen/token"
    private static let ends: JSONValue = [
        "tool_execution.succeeded", "tool_execution.failed", "tool_execution.cancelled",
    ]

    private func register(
        _ bench: VideoGenBench,
        url: String = url,
        events: JSONValue = ends
    ) async throws -> JSONValue {
        try await bench.json(.post, "webhooks/endpoints", ["url": .string(url), "events": events])
    }

    private func events(_ bench: VideoGenBench) -> [String] {
        bench.emulation.mailbox.letters.compactMap { $0.json?["event"]?.string }
    }

    // MARK: Endpoints

    @Test("an endpoint tells its secret once, and is gone when it is deleted")
    func endpoints() async throws {
        let bench = try await VideoGenBench()
        let made = try await register(bench)
        let secret = try #require(made["signingSecret"]?.string)
        #expect(secret.hasPrefix("whsec_"))
        #expect(Base64.standard.decode(String(secret.dropFirst(6)))?.count == 32)
        #expect(made["signingSecretLast4"]?.string == String(secret.suffix(4)))
        #expect(made["events"] == Self.ends)
        _ = try await register(bench)
        let page = try await bench.json(.get, "webhooks/endpoints?limit=1")
        #expect(page["hasMore"]?.bool == true)
        let listed = try #require(page["endpoints"]?.array?.first)
        #expect(listed["endpointId"] == made["endpointId"])
        #expect(listed["url"]?.string == Self.url)
        #expect(!page.description.contains(secret))
        let id = try #require(made["endpointId"]?.string)
        let deleted = try await bench.call(.delete, "webhooks/endpoints/\(id)")
        #expect(deleted.status == .noContent)
        #expect(try await deleted.collectBody().isEmpty)
        #expect(try await bench.call(.delete, "webhooks/endpoints/\(id)").status == .notFound)
        #expect(try await bench.json(.get, "webhooks/endpoints")["endpoints"]?.array?.count == 1)
    }

    static let wrong: [JSONValue] = [
        [:], ["url": .string(url)], ["url": .string(url), "events": []],
        ["url": .string(url), "events": ["x"]],
        ["url": .string(url), "events": "tool_execution.failed"], ["url": "nowhere", "events": ends],
        ["url": "http://gateway.test/x", "events": ends],
    ]

    @Test("an endpoint needs an https address and events that there are", arguments: wrong)
    func refused(_ body: JSONValue) async throws {
        let bench = try await VideoGenBench()
        let response = try await bench.call(.post, "webhooks/endpoints", body)
        #expect(response.status == .badRequest)
        #expect(try await bench.code(response) == "invalid_parameters")
    }

    @Test(
        "an address on this machine need not be https",
        arguments: ["http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]:8080/x"]
    )
    func loopback(_ url: String) async throws {
        let bench = try await VideoGenBench()
        #expect(try await register(bench, url: url)["url"]?.string == url)
    }

    // MARK: Events

    @Test("an end is told in a signed message with hydrated files")
    func succeeded() async throws {
        let bench = try await VideoGenBench()
        let secret = try #require(try await register(bench)["signingSecret"]?.string)
        let id = try await bench.job(["numResults": 2])
        await bench.emulation.pass(.milliseconds(7999))
        #expect(bench.emulation.mailbox.letters.isEmpty)
        await bench.emulation.pass(.milliseconds(1))
        let letter = try #require(bench.emulation.mailbox.letters.first)
        #expect(letter.url == Self.url)
        let body = try #require(letter.json)
        #expect(body["event"]?.string == "tool_execution.succeeded")
        #expect(body["toolExecutionId"]?.string == id)
        #expect(body["toolType"]?.string == "GENERATE_SOUND_EFFECT")
        #expect(body["error"] == nil)
        #expect(body["results"]?.array?.count == 2)
        let url = try #require(body["results"]?[1]?["file"]?["downloadSource"]?["url"]?.string)
        #expect(try await bench.get(url.replacing("http://127.0.0.1:9090", with: "")).status == .ok)

        let message = try #require(letter.fields["webhook-id"])
        let seconds = try #require(letter.fields["webhook-timestamp"])
        #expect(body["occurredAt"]?.integer == Int64(seconds))
        let key = try #require(Base64.standard.decode(String(secret.dropFirst(6))))
        let code = HMACSHA256.authenticate(Array("\(message).\(seconds).".utf8) + letter.body, key: key)
        #expect(letter.fields["webhook-signature"] == "v1,\(Base64.standard.encode(code.bytes))")
    }

    @Test("a bad end and a cancellation have events of their own, each told once")
    func otherEnds() async throws {
        let bench = try await VideoGenBench()
        _ = try await register(bench)
        let (doomed, cancelled, late) = (
            try await bench.job(), try await bench.job(), try await bench.job()
        )
        try await bench.script("poll", "sensitive", ["task": .string(doomed)])
        _ = try await bench.poll(doomed)
        _ = try await bench.call(.post, "tools/executions/\(cancelled)/cancel")
        await bench.emulation.pass(.seconds(7))
        #expect(events(bench) == ["tool_execution.cancelled"])
        _ = try await bench.call(.post, "tools/executions/\(late)/cancel")
        await bench.emulation.pass(.seconds(60))
        let letters = bench.emulation.mailbox.letters.dropFirst().compactMap(\.json)
        #expect(letters.count == 2)
        let failed = try #require(letters.first { $0["toolExecutionId"]?.string == doomed })
        #expect(failed["event"]?.string == "tool_execution.failed")
        #expect(failed["error"]?["code"]?.string == "content_policy_violation")
        #expect(failed["results"] == nil)
        let other = try #require(letters.first { $0["toolExecutionId"]?.string == late })
        #expect(other["event"]?.string == "tool_execution.succeeded")
    }

    @Test("an endpoint gets the events that it asked for, each in a message of its own")
    func choice() async throws {
        let bench = try await VideoGenBench()
        _ = try await register(bench, url: "https://a.test/", events: ["tool_execution.succeeded"])
        _ = try await register(bench, url: "https://b.test/", events: ["tool_execution.failed"])
        _ = try await register(bench, url: "https://c.test/")
        _ = try await bench.job()
        await bench.emulation.pass(.seconds(8))
        let letters = bench.emulation.mailbox.letters
        #expect(letters.map(\.url) == ["https://a.test/", "https://c.test/"])
        #expect(Set(letters.compactMap { $0.fields["webhook-id"] }).count == 2)
    }

    @Test("what was not accepted comes again later and later, under the same id and a new date")
    func repetition() async throws {
        let bench = try await VideoGenBench()
        _ = try await register(bench)
        bench.emulation.mailbox.answer(.answered(500), .failed("nobody there"), .answered(204))
        _ = try await bench.job()
        for (span, count) in [(8, 1), (4, 1), (1, 2), (29, 2), (1, 3), (9999, 3)] {
            await bench.emulation.pass(.seconds(span))
            #expect(events(bench).count == count)
        }
        let letters = bench.emulation.mailbox.letters
        #expect(Set(letters.compactMap { $0.fields["webhook-id"] }).count == 1)
        #expect(Set(letters.compactMap { $0.fields["webhook-timestamp"] }).count == 3)
        #expect(Set(letters.compactMap { $0.fields["webhook-signature"] }).count == 3)
    }

    @Test("a message can come twice under one id, be forged, or be lost")
    func faults() async throws {
        let bench = try await VideoGenBench()
        _ = try await register(bench)
        for fault in ["duplicate", "forged", "lost"] {
            try await bench.script("callback", fault)
            _ = try await bench.job()
            await bench.emulation.pass(.seconds(8))
        }
        let letters = bench.emulation.mailbox.letters
        #expect(letters.count == 3)
        #expect(letters[0].fields == letters[1].fields)
        #expect(letters[2].fields["webhook-signature"]?.hasPrefix("v1,") == false)
    }

    @Test("polls can hide the end until it was told")
    func only() async throws {
        let bench = try await VideoGenBench(["callbacks": "only"])
        _ = try await register(bench)
        bench.emulation.mailbox.answer(.answered(503))
        let id = try await bench.job()
        await bench.emulation.pass(.seconds(8))
        #expect(try await bench.status(id) == "pending")
        await bench.emulation.pass(.seconds(5))
        #expect(try await bench.status(id) == "succeeded")
    }

    @Test("an execution that is approved after its time is told about then")
    func approval() async throws {
        let bench = try await VideoGenBench(["awaiting_approval": true])
        _ = try await register(bench)
        _ = try await bench.job()
        await bench.emulation.pass(.seconds(60))
        #expect(events(bench).isEmpty)
        try await bench.turn("awaiting_approval", false)
        await bench.emulation.pass(.zero)
        #expect(events(bench) == ["tool_execution.succeeded"])
    }
}
