import HTTP
import JSON
import Tasks
import Testing

@Suite("Cancel and delete")
struct LifecycleTests {
    @Test("A canceled task has ended, with the caller as the origin; a second cancel changes nothing")
    func cancels() async throws {
        try await withHouse { house in
            let task = try await house.endlessSound()
            // An answer of the vendor that comes after the cancel would be noted on the attempt.
            try await house.untilAccepted(task.id)
            let canceled = try await house.send(.post, "/v1/sounds/\(task.id)/cancel")
            #expect(canceled.status == 202)
            #expect(canceled.json["status"] == "canceled")
            #expect(canceled.json["error"]?["code"] == "canceled")
            #expect(canceled.json["error"]?["origin"] == "caller")
            let again = try await house.send(.post, "/v1/sounds/\(task.id)/cancel")
            #expect(again.status == 202)
            #expect(again.json == canceled.json)
        }
    }

    @Test("A task that waits for its turn tells its place, and can be canceled")
    func queued() async throws {
        try await withHouse { house in
            _ = try await house.endlessSound()
            let second = try await house.endlessSound()
            let third = try await house.endlessSound()
            // The engine takes a task up just after the create; asked for its load, it has.
            let load = await house.engine.load()
            #expect(load["suno"]?.waiting == 2)
            let shown = try await house.send(.get, "/v1/sounds/\(third.id)")
            #expect(shown.json["status"] == "queued")
            #expect(shown.json["queue_position"]?.integer ?? 0 >= 1)
            #expect(shown.json["attempts"] == [])
            for id in [second.id, third.id] {
                let canceled = try await house.send(.post, "/v1/sounds/\(id)/cancel")
                #expect(canceled.json["status"] == "canceled")
            }
        }
    }

    @Test("A cancel wakes who waits for the end")
    func wakes() async throws {
        try await withHouse { house in
            let task = try await house.endlessSound()
            async let waiting = house.send(.get, "/v1/sounds/\(task.id)", fields: ["Prefer": "wait=120"])
            _ = try await house.send(.post, "/v1/sounds/\(task.id)/cancel")
            let shown = try await waiting
            #expect(shown.json["status"] == "canceled")
        }
    }

    @Test("Deleting is 409 while it runs, 204 when it has ended, 404 after that")
    func deletes() async throws {
        try await withHouse { house in
            let running = try await house.endlessSound()
            let refused = try await house.send(.delete, "/v1/sounds/\(running.id)")
            #expect(refused.status == 409)
            #expect(refused.code == "task_running")
            let task = try await house.sound()
            let deleted = try await house.send(.delete, "/v1/sounds/\(task.id)")
            #expect(deleted.status == 204)
            #expect(deleted.body.isEmpty)
            for path in ["/v1/sounds/\(task.id)", "/v1/sounds/\(task.id)/audio/0"] {
                #expect(try await house.send(.get, path).status == 404)
            }
        }
    }

    @Test("Audio that another task shares outlives the first")
    func shares() async throws {
        try await withHouse { house in
            let json = #"{"prompt": "click", "seed": 3}"#
            let (first, second) = (try await house.sound(json), try await house.sound(json))
            #expect(first.json["outputs"]?[0]?["sha256"] == second.json["outputs"]?[0]?["sha256"])
            _ = try await house.send(.delete, "/v1/sounds/\(first.id)")
            #expect(try await house.send(.get, "/v1/sounds/\(second.id)/audio/0").status == 200)
        }
    }

    @Test("The audio of an output that is not there yet is 409 or 404, never bytes")
    func notReady() async throws {
        try await withHouse { house in
            let task = try await house.endlessSound()
            let answer = try await house.send(.get, "/v1/sounds/\(task.id)/audio/0")
            #expect(answer.status == 409 || answer.status == 404)
        }
    }

    @Test("A task's tag changes with the task")
    func tags() async throws {
        try await withHouse { house in
            let task = try await house.endlessSound()
            let path = "/v1/sounds/\(task.id)"
            let old = try #require(try await house.send(.get, path).fields["ETag"])
            _ = try await house.send(.post, "\(path)/cancel")
            let ended = try await house.send(.get, path)
            let tag = try #require(ended.fields["ETag"])
            #expect(tag != old)
            #expect(try await house.send(.get, path, fields: ["If-None-Match": tag]).status == 304)
            #expect(try await house.send(.get, path, fields: ["If-None-Match": old]).status == 200)
        }
    }
}
