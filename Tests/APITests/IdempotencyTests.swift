import HTTP
import JSON
import Testing

@Suite("Idempotency keys")
struct IdempotencyTests {
    private let body = #"{"prompt": "click", "provider": "builtin", "duration": 1}"#

    @Test("The same key and content get the first answer again, byte for byte")
    func replay() async throws {
        try await withHouse { house in
            let fields: Fields = ["Idempotency-Key": "a"]
            let first = try await house.send(.post, "/v1/sounds", body, fields: fields)
            #expect(first.status == 202)
            #expect(first.fields["Idempotency-Replayed"] == nil)
            // Ended by now or not: what was said first is said again.
            _ = try await house.send(.get, "/v1/sounds/\(first.id)", fields: ["Prefer": "wait=60"])
            let written = #" { "duration":1.0,"provider" : "builtin", "prompt":"click"}"#
            for again in [body, written] {
                let second = try await house.send(.post, "/v1/sounds", again, fields: fields)
                #expect(second.status == 202)
                #expect(second.body == first.body)
                #expect(second.fields["Location"] == first.fields["Location"])
                #expect(second.fields["ETag"] == first.fields["ETag"])
                #expect(second.fields["Idempotency-Replayed"] == "true")
            }
            let list = try await house.send(.get, "/v1/sounds")
            #expect(list.json["data"]?.array?.count == 1)
        }
    }

    @Test("After a wait the first answer is the ended task, and that is given again")
    func replayAfterWait() async throws {
        try await withHouse { house in
            let fields: Fields = ["Idempotency-Key": "a", "Prefer": "wait=60"]
            let first = try await house.send(.post, "/v1/sounds", body, fields: fields)
            #expect(first.status == 200)
            #expect(first.json["status"] == "succeeded")
            let second = try await house.send(.post, "/v1/sounds", body, fields: fields)
            #expect(second.status == 200)
            #expect(second.body == first.body)
        }
    }

    @Test("Another content under the same key is refused, and makes nothing")
    func mismatch() async throws {
        try await withHouse { house in
            let fields: Fields = ["Idempotency-Key": "a"]
            _ = try await house.send(.post, "/v1/sounds", body, fields: fields)
            let other = #"{"prompt": "click", "provider": "builtin", "duration": 2}"#
            let refused = try await house.send(.post, "/v1/sounds", other, fields: fields)
            #expect(refused.status == 422)
            #expect(refused.code == "idempotency_mismatch")
            #expect(try await house.send(.get, "/v1/sounds").json["data"]?.array?.count == 1)
        }
    }

    @Test("A create that was refused leaves its key free")
    func refused() async throws {
        try await withHouse { house in
            let fields: Fields = ["Idempotency-Key": "a"]
            let wrong = try await house.send(.post, "/v1/sounds", #"{"prompt": ""}"#, fields: fields)
            #expect(wrong.status == 422)
            let right = try await house.send(.post, "/v1/sounds", body, fields: fields)
            #expect(right.status == 202)
        }
    }

    @Test("While the first is being answered another one is told to come again")
    func underWay() async throws {
        try await withHouse { house in
            let fields: Fields = ["Idempotency-Key": "a", "Prefer": "wait=60"]
            let json = #"{"prompt": "rain", "provider": "suno"}"#
            async let first = house.send(.post, "/v1/sounds", json, fields: fields)
            var task: JSONValue?
            while task == nil {
                task = try await house.send(.get, "/v1/sounds").json["data"]?.array?.first
                try await Task.sleep(for: .milliseconds(2))
            }
            let second = try await house.send(.post, "/v1/sounds", json, fields: fields)
            #expect(second.status == 409)
            #expect(second.code == "idempotency_in_progress")
            let id = try #require(task?["id"]?.string)
            _ = try await house.send(.post, "/v1/sounds/\(id)/cancel")
            #expect(try await first.status == 200)
        }
    }

    @Test("Keys are a client's own")
    func clients() async throws {
        try await withHouse(clients: AccessTests.clients) { house in
            for name in ["alice", "bob"] {
                let fields: Fields = ["Idempotency-Key": "a", "Authorization": "Bearer \(name)-key"]
                let answer = try await house.send(.post, "/v1/sounds", body, fields: fields)
                #expect(answer.status == 202)
                #expect(answer.json["client"]?.string == name)
            }
        }
    }
}
