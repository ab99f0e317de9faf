import HTTP
import JSON
import Sound
import Tasks
import Testing
import Webhooks

@Suite("What a webhook address is told")
struct AnnouncementTests {
    private let body = """
        {"prompt": "click", "provider": "builtin", "duration": 1, "metadata": {"a": "b"},
         "webhook_url": "https://hooks.example/x"}
        """

    @Test("A task shows its webhook address as a wish, and not as something to be met")
    func shown() async throws {
        try await withHouse { house in
            let sound = try await house.sound(body)
            #expect(sound.json["request"]?["webhook_url"] == "https://hooks.example/x")
            #expect(sound.json["fulfilment"]?["webhook_url"] == nil)
        }
    }

    @Test("Another address under the same idempotency key is another request")
    func fingerprint() async throws {
        try await withHouse { house in
            let fields: Fields = ["Idempotency-Key": "a"]
            let first = try await house.send(.post, "/v1/sounds", body, fields: fields)
            #expect(first.status == 202)
            let other = body.replacing("hooks.example/x", with: "hooks.example/y")
            let refused = try await house.send(.post, "/v1/sounds", other, fields: fields)
            #expect(refused.code == "idempotency_mismatch")
            let again = try await house.send(.post, "/v1/sounds", body, fields: fields)
            #expect(again.body == first.body)
            _ = try await house.send(.get, "/v1/sounds/\(first.id)", fields: ["Prefer": "wait=60"])
            let queued = try await house.ledger.messages(OutboxQuery()).filter { $0.type == "sound.queued" }
            #expect(queued.count == 1, "what is replayed is told once")
        }
    }

    @Test("Each message is the event with the task as callers see it, in the order of the events")
    func bodies() async throws {
        try await withHouse { house in
            let sound = try await house.sound(body)
            let messages = try await house.ledger.messages(OutboxQuery()).reversed()
            #expect(messages.map(\.number) == [1, 2, 3, 4])
            let types = ["sound.queued", "sound.running", "sound.output_ready", "sound.succeeded"]
            #expect(messages.map(\.type) == types)
            let told = try messages.map { try JSONValue(parsing: $0.body) }
            #expect(told.map { $0["type"]?.string } == types)
            #expect(told.map { $0["data"]?["status"] } == ["queued", "running", "succeeded", "succeeded"])
            #expect(told.last?["timestamp"] == sound.json["ended_at"])
            var last = try #require(told.last?["data"]?.object)
            let url = last["outputs"]?.array?.first?["url"]
            #expect(url == .string("https://sounds.test/v1/sounds/\(sound.id)/audio/0"))
            last["outputs"] = nil
            var shown = try #require(sound.json.object)
            shown["outputs"] = nil
            #expect(last == shown)
        }
    }

    @Test("A task without an address leaves no message")
    func none() async throws {
        try await withHouse { house in
            _ = try await house.sound()
            #expect(try await house.ledger.messages(OutboxQuery()).isEmpty)
        }
    }
}
