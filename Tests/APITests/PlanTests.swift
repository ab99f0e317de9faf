import HTTP
import JSON
import Testing

@Suite("Plans")
struct PlanTests {
    @Test(
        "A create goes where the plan says",
        arguments: [
            #"{"prompt": "rain"}"#, #"{"prompt": "rain", "bpm": 120, "loop": true}"#,
            #"{"prompt": "rain", "duration": 2.5}"#, #"{"prompt": "rain", "provider": ["suno", "builtin"]}"#,
            #"{"prompt": "rain", "model": "V5"}"#, #"{"prompt": "rain", "provider": "suno", "key": "Db"}"#,
            #"{"prompt": "rain", "format": "mp3"}"#,
            #"{"prompt": "rain", "max_cost": {"amount": 1, "unit": "credits"}}"#,
        ]
    )
    func agrees(json: String) async throws {
        try await withHouse { house in
            let plan = try await house.send(.post, "/v1/plans", json)
            let task = try await house.send(.post, "/v1/sounds", json)
            #expect(plan.status == 200)
            let chosen = try #require(plan.json["candidates"]?[0])
            #expect(chosen["eligible"] == true)
            for member in ["provider", "operation", "model", "fulfilment"] {
                #expect(task.json[member] == chosen[member], "\(member)")
            }
            #expect(plan.json["chosen"]?["provider"] == task.json["provider"])
        }
    }

    @Test("Nobody eligible: the plan is 200 with nothing chosen, the create 422 with the same candidates")
    func nobody() async throws {
        try await withHouse { house in
            let json = #"{"prompt": "la", "lyrics": "la la", "accept": "native"}"#
            let plan = try await house.send(.post, "/v1/plans", json)
            #expect(plan.status == 200)
            #expect(plan.json["chosen"] == .null)
            let create = try await house.send(.post, "/v1/sounds", json)
            #expect(create.status == 422)
            #expect(create.code == "no_provider")
            #expect(create.json["candidates"] == plan.json["candidates"])
            let refused = (plan.json["candidates"]?.array ?? []).allSatisfy {
                $0["eligible"] == false && $0["refusals"]?.array?.isEmpty == false
            }
            #expect(refused)
        }
    }

    @Test("A plan shows what would be sent, without the key")
    func upstream() async throws {
        try await withHouse { house in
            let json = #"{"prompt": "rain", "provider": "suno", "key": "Bbm", "bpm": 120, "loop": true}"#
            let plan = try await house.send(.post, "/v1/plans", json)
            let call = plan.json["candidates"]?[0]?["upstream_request"]
            #expect(call?["method"] == "POST")
            #expect(
                call?["body"] == [
                    "prompt": "rain", "model": "V5", "soundLoop": true, "soundTempo": 120, "soundKey": "A#m",
                ]
            )
            #expect(try await house.send(.get, "/v1/sounds").json["data"] == [])
        }
    }

    @Test("Providers tell what they can do, and a procedural one says so")
    func providers() async throws {
        try await withHouse { house in
            let list = try await house.send(.get, "/v1/providers").json["data"]?.array ?? []
            #expect(list.map { $0["name"] } == ["builtin", "suno"])
            #expect(list.map { $0["kind"] } == ["procedural", "vendor"])
            let suno = try await house.send(.get, "/v1/providers/suno")
            #expect(
                suno.json["credentials"] == [
                    [
                        "running": 0, "tasks": 0, "tasks_on_old_key": 0, "state": "usable",
                        "usable_in": .null, "name": "main",
                        "max_concurrent": 1,
                        "balance": .null,
                    ]
                ]
            )
            #expect(suno.json == list.last)
        }
    }
}
