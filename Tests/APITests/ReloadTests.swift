import Configuration
import Crypto
import HTTP
import JSON
import Providers
import Testing

@Suite("Another configuration under the routes")
struct ReloadTests {
    private static func key(_ key: String) -> Fields { ["Authorization": "Bearer \(key)"] }

    private static func client(_ name: String) -> Client {
        Client(name: name, keySHA256: SHA256.hash("\(name)-key").hex)
    }

    @Test("a new client's key works, a removed one's does not, and one who stays notices nothing")
    func clients() async throws {
        try await withHouse(clients: .listed([Self.client("old"), Self.client("stays")])) { house in
            var next = house.configuration
            next.clients = .listed([Self.client("stays"), Self.client("new")])
            let before = try await house.sound(fields: Self.key("stays-key"))
            #expect(try await house.send(.get, "/v1/sounds", fields: Self.key("new-key")).status == 401)
            await house.adopt(next)
            #expect(try await house.send(.get, "/v1/sounds", fields: Self.key("new-key")).status == 200)
            #expect(try await house.send(.get, "/v1/sounds", fields: Self.key("old-key")).status == 401)
            let after = try await house.send(.get, "/v1/sounds/\(before.id)", fields: Self.key("stays-key"))
            #expect(after.status == 200)
        }
    }

    @Test("limits and routing are those of the new one")
    func limits() async throws {
        try await withHouse { house in
            var next = house.configuration
            next.server.limits.tasks = 0
            await house.adopt(next, providers: house.providers.filter { $0.id == "suno" })
            let refused = try await house.send(.post, "/v1/sounds", #"{"prompt": "rain"}"#)
            #expect(refused.code == "too_many_tasks")
            let gone = try await house.send(.post, "/v1/plans", #"{"prompt": "x", "provider": "builtin"}"#)
            #expect(gone.errors == ["provider unknown_value"])
        }
    }

    @Test("keys that were changed or removed are told of for as long as tasks need them")
    func keys() async throws {
        try await withHouse { house in
            let task = try await house.endlessSound()
            try await house.untilAccepted(task.id)
            func suno(_ keys: [String]) -> [Provider] {
                house.providers.map { provider in
                    guard provider.id == "suno" else { return provider }
                    return Provider(
                        id: "suno",
                        adapter: provider.adapter,
                        baseURL: provider.baseURL,
                        credentials: keys.map { .init(name: $0, key: Secret("k2"), maxConcurrent: 1) }
                    )
                }
            }
            func shown() async throws -> [String] {
                let suno = try await house.send(.get, "/v1/providers/suno").json
                return (suno["credentials"]?.array ?? []).map { key in
                    let counts = ["running", "tasks", "tasks_on_old_key"].map {
                        "\(key[$0]?.integer ?? -1)"
                    }
                    return "\(key["name"]?.string ?? "?") \(key["state"]?.string ?? "?") "
                        + counts.joined(separator: " ")
                }
            }
            #expect(try await shown() == ["main usable 1 1 0"])
            await house.adopt(house.configuration, providers: suno(["main"]))
            #expect(try await shown() == ["main usable 1 1 1"])
            await house.adopt(house.configuration, providers: suno(["next"]))
            #expect(try await shown() == ["next usable 0 0 0", "main removed 1 1 1"])
            await house.adopt(house.configuration, providers: [house.providers[0]])
            #expect(try await shown() == ["main removed 1 1 1"])
            let list = try await house.send(.get, "/v1/providers").json["data"]?.array ?? []
            #expect(list.map { $0["name"] } == ["builtin", "suno"])
            #expect(list.map { $0["enabled"] } == [true, false])
            _ = try await house.send(.post, "/v1/sounds/\(task.id)/cancel")
            #expect(try await house.send(.get, "/v1/providers/suno").status == 404)
        }
    }
}
