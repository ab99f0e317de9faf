import HTTP
import JSON
import Testing

@Suite("What providers tell of the last hour")
struct RecentTests {
    @Test("Each provider and each operation tells how it has done")
    func told() async throws {
        try await withHouse { house in
            for _ in 0..<2 { _ = try await house.sound() }
            let builtin = try await house.send(.get, "/v1/providers/builtin")
            for recent in [builtin.json["recent"], builtin.json["operations"]?.array?.first?["recent"]] {
                #expect(recent?["window"] == 3600)
                #expect(recent?["attempts"] == 2)
                #expect(recent?["succeeded"] == 2)
                #expect(recent?["success_rate"] == 1)
                #expect(recent?["submit_seconds"] == .null)
                let half = try #require(recent?["turnaround_seconds"]?["p50"]?.double)
                let most = try #require(recent?["turnaround_seconds"]?["p95"]?.double)
                #expect(half <= most)
            }
            let list = try await house.send(.get, "/v1/providers")
            let suno = list.json["data"]?.array?.first { $0["name"] == "suno" }
            #expect(suno?["recent"]?["attempts"] == 0)
            #expect(suno?["recent"]?["success_rate"] == .null)
        }
    }
}
