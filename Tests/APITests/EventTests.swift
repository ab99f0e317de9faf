import API
import HTTP
import JSON
import Tasks
import Testing

@Suite("Server-sent events")
struct EventTests {
    /// One event as a client reads it.
    struct Event {
        var type = ""
        var id: String?
        var data = JSONValue.null
    }

    /// The events of a stream that has ended.
    private func events(_ answer: Answer) throws -> [Event] {
        try String(decoding: answer.body, as: UTF8.self).split(separator: "\n\n").compactMap { block in
            var event = Event()
            for line in block.split(separator: "\n") {
                if line.hasPrefix("event: ") { event.type = String(line.dropFirst(7)) }
                if line.hasPrefix("id: ") { event.id = String(line.dropFirst(4)) }
                if line.hasPrefix("data: ") { event.data = try JSONValue(parsing: String(line.dropFirst(6))) }
            }
            return event.type.isEmpty ? nil : event
        }
    }

    private let told = ["sound.queued", "sound.running", "sound.output_ready", "sound.succeeded"]

    @Test("A task is told from its beginning to its end, while it runs and afterwards alike")
    func whole() async throws {
        try await withHouse { house in
            let json = #"{"prompt": "click", "provider": "builtin", "duration": 1}"#
            let task = try await house.send(.post, "/v1/sounds", json)
            for _ in 0..<2 {
                let answer = try await house.send(.get, "/v1/sounds/\(task.id)/events")
                #expect(answer.status == 200)
                #expect(answer.fields["Content-Type"] == "text/event-stream")
                let events = try events(answer).filter { $0.type != "sound.progress" }
                #expect(events.map(\.type) == told)
                #expect(events.map(\.id) == ["queued", "running", "output-0", "ended"])
                for event in events {
                    #expect(event.data["type"]?.string == event.type)
                    #expect(event.data["data"]?["id"]?.string == task.id)
                }
                #expect(events.last?.data["data"]?["status"] == "succeeded")
                #expect(events.last?.data["timestamp"] == events.last?.data["data"]?["ended_at"])
            }
        }
    }

    @Test(
        "A client that comes back is told what it has missed",
        arguments: [("queued", 3), ("running", 2), ("output-0", 1), ("ended", 0), ("nonsense", 4)]
    )
    func comesBack(_ last: String, _ missed: Int) async throws {
        try await withHouse { house in
            let task = try await house.sound(#"{"prompt": "click", "provider": "builtin", "duration": 1}"#)
            let answer = try await house.send(
                .get,
                "/v1/sounds/\(task.id)/events",
                fields: ["Last-Event-ID": last]
            )
            #expect(try events(answer).map(\.type) == told.suffix(missed))
        }
    }

    @Test("A canceled task's stream ends with its end")
    func canceled() async throws {
        try await withHouse { house in
            let task = try await house.endlessSound()
            async let answer = house.send(.get, "/v1/sounds/\(task.id)/events")
            try await house.untilAccepted(task.id)
            _ = try await house.send(.post, "/v1/sounds/\(task.id)/cancel")
            let events = try await events(answer)
            #expect(events.first?.type == "sound.queued")
            #expect(events.last?.type == "sound.canceled")
        }
    }

    @Test("A gateway that stops lets its streams go")
    func draining() async throws {
        try await withHouse { house in
            let task = try await house.endlessSound()
            async let answer = house.send(.get, "/v1/sounds/\(task.id)/events")
            try await house.untilAccepted(task.id)
            house.gateway.beginDraining()
            await house.engine.beginStopping()
            let types = try await events(answer).map(\.type)
            #expect(!types.contains("sound.canceled"))
        }
    }

    @Test("Another client's task has no events")
    func foreign() async throws {
        try await withHouse(clients: AccessTests.clients) { house in
            let task = try await house.endlessSound(fields: ["Authorization": "Bearer alice-key"])
            let answer = try await house.send(
                .get,
                "/v1/sounds/\(task.id)/events",
                fields: ["Authorization": "Bearer bob-key"]
            )
            #expect(answer.status == 404)
        }
    }
}
