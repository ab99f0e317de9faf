import Audit
import Configuration
import Crypto
import HTTP
import JSON
import Sound
import Telemetry
import Testing

/// What of requests is recorded.
@Suite struct AuditTests {
    private static let key = "sk_game_0123456789"
    private static let adminKey = "sk_operator_0123456789"
    private static let clients = ClientAccess.listed([
        Client(name: "game-team", keySHA256: SHA256.hash(key).hex),
        Client(name: "operator", keySHA256: SHA256.hash(adminKey).hex, isAdmin: true),
    ])
    private static let game: Fields = ["Authorization": "Bearer \(key)"]
    private static let admin: Fields = ["Authorization": "Bearer \(adminKey)"]

    /// The records of one kind.
    private func records(_ house: House, _ event: String) -> [LogFields] {
        house.records.lines.filter { $0.message.description == event }.map(\.fields)
    }

    @Test func aCreateIsRecordedWithWhoAndWhat() async throws {
        try await withHouse(clients: Self.clients) { house in
            let created = try await house.sound(fields: Self.game)
            let record = try #require(records(house, "request").first)
            #expect(record["client"] == "game-team")
            #expect(record["admin"] == nil)
            #expect(record["method"] == "POST")
            #expect(record["route"] == "/v1/sounds")
            #expect(record["status"] == 200)
            #expect(record["task"] == .string(created.id))
            #expect(record["request_id"] == .string(created.fields["X-Request-Id"] ?? "?"))
            #expect(record["prompt"] == nil)
            #expect(record["code"] == nil)
        }
    }

    @Test func aRefusalIsRecordedWithItsCode() async throws {
        try await withHouse(clients: Self.clients) { house in
            let wrong: Fields = ["Authorization": "Bearer \(Self.key)x"]
            _ = try await house.send(.get, "/v1/sounds", fields: wrong)
            _ = try await house.send(.get, "/v1/sounds")
            _ = try await house.send(.get, "/v1/nothing", fields: Self.game)
            _ = try await house.send(.post, "/v1/sounds", #"{"prompt": 1}"#, fields: Self.game)
            let records = records(house, "request")
            #expect(records.map { $0["status"] } == [401, 401, 404, 422])
            #expect(
                records.map { $0["code"] } == [
                    "unauthorized", "unauthorized", "not_found", "invalid_request",
                ]
            )
            #expect(records.map { $0["client"] } == [nil, nil, nil, "game-team"])
            #expect(!"\(records)".contains(Self.key))
        }
    }

    @Test(arguments: [true, false])
    func aClientBeyondItsLimitsIsNamed(_ isEnforced: Bool) async throws {
        var client = Client(name: "game-team", keySHA256: SHA256.hash(Self.key).hex)
        client.rateLimit = Rate(count: 1, per: .seconds(3600))
        client.maxConcurrent = 1
        client.enforce = isEnforced
        try await withHouse(clients: .listed([client])) { house in
            for _ in 1...2 {
                _ = try await house.send(
                    .post,
                    "/v1/sounds",
                    #"{"prompt": "rain", "provider": "suno"}"#,
                    fields: Self.game
                )
            }
            let records = records(house, "request")
            #expect(records.map { $0["client"] } == ["game-team", "game-team"])
            #expect(records.map { $0["code"] } == [nil, isEnforced ? "rate_limited" : nil])
            #expect(records.map { $0["spared"] } == [nil, isEnforced ? nil : "rate_limited too_many_tasks"])
        }
    }

    @Test func anAdminsLookAtOthersIsTold() async throws {
        try await withHouse(clients: Self.clients) { house in
            let task = try await house.sound(fields: Self.game).id
            _ = try await house.send(.get, "/v1/sounds/\(task)", fields: Self.admin)
            _ = try await house.send(.get, "/v1/sounds/\(task)", fields: Self.game)
            _ = try await house.send(.get, "/v1/sounds", fields: Self.admin)
            let records = records(house, "request").dropFirst()
            #expect(records.map { $0["owner"] } == ["game-team", nil, nil])
            #expect(records.map { $0["scope"] } == [nil, nil, "everyone"])
            #expect(records.map { $0["admin"] } == [true, nil, true])
            #expect(records.map { $0["task"] } == [.string(task), .string(task), nil])
        }
    }

    @Test func openPagesAreNobodysDeeds() async throws {
        try await withHouse(clients: Self.clients) { house in
            for page in ["/", "/healthz", "/readyz", "/metrics", "/openapi.yaml", "/openapi.json"] {
                _ = try await house.send(.get, page)
            }
            #expect(records(house, "request").isEmpty)
        }
    }

    @Test func wordsAreRecordedAsConfigured() async throws {
        try await withHouse(clients: Self.clients, prompts: .full) { house in
            _ = try await house.sound(fields: Self.game)
            _ = try await house.send(.get, "/v1/sounds", fields: Self.game)
            #expect(records(house, "request").map { $0["prompt"] } == ["click", nil])
        }
    }

    @Test func aCallToAVendorIsRecordedBeforeAndAfter() async throws {
        try await withHouse(clients: Self.clients) { house in
            let task = try await house.endlessSound(fields: Self.game).id
            for _ in 0..<10_000 where records(house, "vendor_answer").isEmpty {
                try await Task.sleep(for: .milliseconds(2))
            }
            let call: LogFields = [
                "task": .string(task), "client": "game-team", "attempt": 1, "provider": "suno",
                "operation": "sounds", "key": "main",
            ]
            #expect(records(house, "vendor_call") == [call])
            let answer: LogFields = ["outcome": "accepted", "provider_task_id": "job-1"]
            #expect(records(house, "vendor_answer") == [call.adding(answer)])
        }
    }
}
