import JSON
import Testing

/// More tasks than a key has places for.
@Suite struct QueueTests {
    private static let speed = 100.0
    private static let places = 4
    /// How long a job takes at the double.
    private static let seconds = 20 / speed

    @Test func aKeyNeverHasMoreJobsThanItsPlacesAndTheOthersStandInLine() async throws {
        try await withDoubles(speed: Self.speed) { doubles, _ in
            try await doubles.turn("sunoapi", ["clips": 1, "repeat_audio": true])
            let config = """
                providers:
                  sunoapi:
                    base_url: \(doubles.address)/sunoapi
                    credentials: [ { name: main, key: "a-vendor-key", max_concurrent: \(Self.places) } ]
                    polling: { first: 100ms, ceiling: 100ms }
                """
            try await withGateway(config: config) { gateway, _ in
                var ids: [String] = []
                for _ in 0..<200 {
                    let created = try await gateway.post(
                        "/v1/sounds",
                        ["prompt": "rain", "provider": "sunoapi"]
                    )
                    try #require(created.status == 202, "\(created.json)")
                    ids.append(try #require(created.json["id"]?.string))
                }
                try await checkLine(of: ids, at: gateway)
                for id in ids {
                    let task = try await gateway.ended(id)
                    #expect(task["status"] == "succeeded", "\(task)")
                    #expect(task["queue_position"] == .null)
                }
                #expect(try await doubles.calls("operation=create&limit=1000").count == ids.count)
                #expect(try await mostAtOnce(doubles) <= Self.places)
            }
        }
    }

    /// The tasks in line have the places 1, 2, …, in the order in which they came, and a time to expect.
    private func checkLine(of ids: [String], at gateway: Peer) async throws {
        let last = try #require(ids.last)
        let task = try await eventually("a pace of the line") {
            let task = try await gateway.get("/v1/sounds/\(last)").json
            return task["eta"]?.double == nil ? nil : task
        }
        #expect(task["status"] == "queued")
        #expect(try #require(task["eta"]?.double) > 0)
        let listed = try await gateway.get("/v1/sounds?status=queued&limit=100").json
        let positions = try #require(listed["data"]?.array).compactMap { $0["queue_position"]?.integer }
        // The line moves meanwhile, on a slow machine by much; but who is listed stands in it, the newest behind all others.
        #expect(positions.count > 1)
        #expect(positions.first ?? 0 >= positions.count)
        #expect(zip(positions, positions.dropFirst()).allSatisfy { $0 > $1 }, "\(positions)")
    }

    /// How many jobs the double had under way at once: each is as long as every other.
    private func mostAtOnce(_ doubles: Peer) async throws -> Int {
        let tasks = try #require(try await doubles.get("/_control/tasks?limit=1000").json["tasks"]?.array)
        let ages = tasks.filter { $0["vendor"] == "sunoapi" }.compactMap { $0["age_seconds"]?.double }
        #expect(ages.count == 200)
        return ages.map { age in ages.count { $0 <= age && $0 > age - Self.seconds } }.max() ?? 0
    }
}
