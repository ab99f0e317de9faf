import HTTP
import JSON
import Testing

@Suite("Listing")
struct ListTests {
    private static func ids(_ answer: Answer) -> [String] {
        (answer.json["data"]?.array ?? []).compactMap { $0["id"]?.string }
    }

    @Test("Newest first, page by page, each task once")
    func pages() async throws {
        try await withHouse { house in
            var made: [String] = []
            for _ in 0..<5 { made.append(try await house.sound().id) }
            var seen: [String] = []
            var target = "/v1/sounds?limit=2"
            for _ in 0..<3 {
                let page = try await house.send(.get, target)
                seen += Self.ids(page)
                guard let cursor = page.json["next_cursor"]?.string else { break }
                target = "/v1/sounds?limit=2&cursor=\(cursor)"
            }
            #expect(seen == made.sorted(by: >))
            let whole = try await house.send(.get, "/v1/sounds?limit=5")
            #expect(whole.json["next_cursor"] == .null)
        }
    }

    @Test("Filters by status, provider and type")
    func filters() async throws {
        try await withHouse { house in
            let effect = try await house.sound().id
            let music = try await house.sound(#"{"prompt": "bass", "type": "music", "duration": 1}"#).id
            let running = try await house.endlessSound().id
            for (query, expected) in [
                ("status=succeeded", [effect, music]), ("status=failed", []), ("type=music", [music]),
                ("provider=suno", [running]), ("provider=builtin&type=effect", [effect]),
                ("provider=nobody", []),
            ] {
                let answer = try await house.send(.get, "/v1/sounds?\(query)")
                #expect(Set(Self.ids(answer)) == Set(expected), "\(query)")
            }
        }
    }
}
