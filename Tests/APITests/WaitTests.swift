import Configuration
import HTTP
import JSON
import Testing

@Suite("Waits of a client")
struct WaitTests {
    private func fields(_ client: String, wait: Int? = nil) -> Fields {
        var fields: Fields = ["Authorization": "Bearer \(client)-key"]
        if let wait { fields["Prefer"] = "wait=\(wait)" }
        return fields
    }

    @Test(
        "One with as many as it may have gets no stream, is answered at once, and takes nothing from others"
    )
    func limit() async throws {
        try await withHouse(clients: AccessTests.clients) {
            $0.server.limits.waitsPerClient = 1
        } _: { house in
            let path = "/v1/sounds/\(try await house.endlessSound(fields: fields("alice")).id)"
            let other = "/v1/sounds/\(try await house.endlessSound(fields: fields("bob")).id)"
            async let waiting = untilGranted(house, path)
            // While the other one has not come to its place, this one waits its second.
            while true {
                let mine = try await house.send(.get, path, fields: fields("alice", wait: 1))
                guard mine.fields["Preference-Applied"] != nil else { break }
                try await Task.sleep(for: .milliseconds(20))
            }

            let refusal = try await house.send(.get, "\(path)/events", fields: fields("alice"))
            #expect(refusal.status == 429)
            #expect(refusal.code == "too_many_waits")
            #expect(refusal.fields["Retry-After"] == "5")
            // A create is a create, waited for or not.
            let create = try await house.send(
                .post,
                "/v1/sounds",
                #"{"prompt": "rain", "provider": "suno"}"#,
                fields: fields("alice", wait: 100)
            )
            #expect(create.status == 202)
            #expect(create.fields["Preference-Applied"] == nil)
            let granted = try await house.send(.get, other, fields: fields("bob", wait: 1))
            #expect(granted.fields["Preference-Applied"] == "wait=1")

            // The place is free when the wait has ended, and a stream's when the stream has.
            try await house.untilAccepted(path, fields("alice"))
            _ = try await house.send(.post, "\(path)/cancel", fields: fields("alice"))
            #expect(try await waiting.json["status"] == "canceled")
            for _ in 0..<2 {
                let stream = try await house.send(.get, "\(path)/events", fields: fields("alice"))
                #expect(stream.status == 200)
            }
        }
    }

    /// Asks again until the wait is granted, and waits.
    private func untilGranted(_ house: House, _ path: String) async throws -> Answer {
        while true {
            let answer = try await house.send(.get, path, fields: fields("alice", wait: 100))
            if answer.fields["Preference-Applied"] != nil { return answer }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test("JSON of more values than a request can mean is refused before it is read")
    func values() async throws {
        try await withHouse { house in
            let values = String(repeating: "0,", count: 12_000)
            let answer = try await house.send(.post, "/v1/plans", #"{"prompt": [\#(values)0]}"#)
            #expect(answer.status == 400)
            #expect(answer.code == "malformed_json")
            #expect(answer.json["detail"]?.string?.contains("more than 10000 values") == true)
        }
    }
}

extension House {
    fileprivate func untilAccepted(_ path: String, _ fields: Fields) async throws {
        for _ in 0..<10_000 {
            let shown = try await send(.get, path, fields: fields)
            if shown.json["attempts"]?.array?.first?["state"] == "accepted" { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw NeverAccepted(id: path)
    }
}
