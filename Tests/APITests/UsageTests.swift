import Configuration
import Crypto
import HTTP
import JSON
import Sound
import Tasks
import Testing

@Suite("What was used")
struct UsageTests {
    private static let clients = ClientAccess.listed(
        ["alice", "=1+1", "boss"].map {
            Client(name: $0, keySHA256: SHA256.hash("key-\($0)").hex, isAdmin: $0 == "boss")
        }
    )
    private static func key(_ name: String) -> Fields { ["Authorization": "Bearer key-\(name)"] }

    /// `client provider/operation tasks` of each row.
    private static func rows(_ answer: Answer) -> [String] {
        (answer.json["data"]?.array ?? []).map { row in
            let place = [row["provider"], row["operation"]].map { $0?.string ?? "-" }.joined(separator: "/")
            return "\(row["client"]?.string ?? "-") \(place) \(row["tasks"]?.integer ?? -1)"
        }
    }

    private static func lines(_ answer: Answer) -> [[String]] {
        String(decoding: answer.body, as: UTF8.self).split(separator: "\r\n").map { line in
            line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }

    @Test("A client sees its own, an admin all of it or that of one client")
    func owners() async throws {
        try await withHouse(clients: Self.clients) { house in
            for _ in 0..<2 { _ = try await house.sound(fields: Self.key("alice")) }
            _ = try await house.sound(fields: Self.key("boss"))
            let own = try await house.send(.get, "/v1/usage", fields: Self.key("alice"))
            #expect(Self.rows(own) == ["alice builtin/procedural 2"])
            #expect(own.json["totals"]?["tasks"] == 2)
            #expect(own.json["totals"]?["succeeded"] == 2)
            #expect(own.json["totals"]?["outputs"] == 2)
            let seconds = try #require(own.json["totals"]?["audio_seconds"]?.double)
            #expect(seconds > 0)
            let all = try await house.send(.get, "/v1/usage", fields: Self.key("boss"))
            #expect(Self.rows(all) == ["alice builtin/procedural 2", "boss builtin/procedural 1"])
            for (query, expected) in [
                ("client=alice&interval=total", ["alice builtin/procedural 2"]), ("client=nobody", []),
                ("client=", []), ("provider=suno", []), ("to=2020-01-31", []),
            ] {
                let answer = try await house.send(.get, "/v1/usage?\(query)", fields: Self.key("boss"))
                #expect(Self.rows(answer) == expected, "\(query)")
            }
            let others = try await house.send(.get, "/v1/usage?client=boss", fields: Self.key("alice"))
            #expect(others.errors == ["client invalid"])
            let named = try await house.send(.get, "/v1/usage?client=alice", fields: Self.key("alice"))
            #expect(Self.rows(named) == ["alice builtin/procedural 2"])
        }
    }

    @Test("What is under way is reckoned with its estimate, and what is deleted stays")
    func underWay() async throws {
        try await withHouse { house in
            let done = try await house.sound().id
            #expect(try await house.send(.delete, "/v1/sounds/\(done)").status == 204)
            let id = try await house.endlessSound().id
            try await house.untilAccepted(id)
            let answer = try await house.send(.get, "/v1/usage?interval=total")
            #expect(Self.rows(answer) == ["- builtin/procedural 1", "- suno/sounds 1"])
            #expect(answer.json["totals"]?["running"] == 1)
            #expect(answer.json["totals"]?["attempts"] == 2)
            let cost: JSONValue = [
                ["provider": "suno", "unit": "credits", "estimated": 2.5, "actual": 0, "total": 2.5]
            ]
            #expect(answer.json["totals"]?["cost"] == cost)
            _ = try await house.send(.post, "/v1/sounds/\(id)/cancel")
            let after = try await house.send(.get, "/v1/usage?interval=total&provider=suno")
            #expect(after.json["totals"]?["canceled"] == 1)
        }
    }

    @Test("A date is a whole day, times are whole hours, and thirty days are the default")
    func times() async throws {
        try await withHouse(time: HandTime(Moment(milliseconds: 1_800_000_000_000))) { house in
            // 2027-01-15T08:00:00Z.
            for (query, from, to) in [
                ("", "2026-12-17T00", "2027-01-15T08"),
                ("from=2027-01-01&to=2027-01-31", "2027-01-01T00", "2027-02-01T00"),
                ("from=2027-01-15T07:59:59Z", "2027-01-15T07", "2027-01-15T08"),
                ("from=2027-01-14&to=2027-01-14T23:00:00.001Z", "2027-01-14T00", "2027-01-15T00"),
                ("to=2026-11-30", "2026-11-01T00", "2026-12-01T00"),
                ("from=2027-01-01T01:00:00%2B01:00&to=2027-01-01", "2027-01-01T00", "2027-01-02T00"),
            ] {
                let answer = try await house.send(.get, "/v1/usage?\(query)")
                #expect(answer.json["from"]?.string == "\(from):00:00.000Z", "\(query)")
                #expect(answer.json["to"]?.string == "\(to):00:00.000Z", "\(query)")
            }
        }
    }

    @Test("Every problem is told at once, with its remedy")
    func problems() async throws {
        try await withHouse { house in
            let answer = try await house.send(
                .get,
                "/v1/usage?from=yesterday&to=2027-02-30&interval=week&format=xml&clients=a"
            )
            #expect(answer.status == 422)
            #expect(
                answer.errors == [
                    "from invalid", "to invalid", "interval unknown_value", "format unknown_value",
                    "clients unknown_field",
                ]
            )
            for (query, errors) in [
                ("from=2027-01-02&to=2027-01-01", ["from out_of_range"]),
                ("from=9999-01-01", ["from out_of_range"]),
                ("from=2027-01-01T00:00:00", ["from invalid"]),
                ("from=1&from=2", ["from invalid", "from invalid"]),
            ] {
                #expect(try await house.send(.get, "/v1/usage?\(query)").errors == errors, "\(query)")
            }
            let bare = try await house.send(.get, "/v1/usage?from=2027-01-01T00:00:00+01:00")
            #expect(bare.json["detail"]?.string?.contains("%2B") == true)
        }
    }

    @Test(
        "CSV comes to those who ask for it",
        arguments: [
            ("", "text/csv", true), ("", "application/json, text/csv;q=0.5", false),
            ("", "text/csv, application/json;q=0.5", true), ("", "*/*", false), ("", "text/csv;q=0", false),
            ("?format=csv", "application/json", true), ("?format=json", "text/csv", false),
            ("", "text/html,application/xhtml+xml,*/*;q=0.8", false),
        ]
    )
    func negotiation(query: String, accept: String, isCSV: Bool) async throws {
        try await withHouse { house in
            let answer = try await house.send(.get, "/v1/usage\(query)", fields: ["Accept": accept])
            let type = answer.fields["Content-Type"]
            #expect(type == (isCSV ? "text/csv; charset=utf-8; header=present" : "application/json"))
            #expect(answer.fields["Vary"] == "Accept")
        }
    }

    @Test("A spreadsheet finds one line for each row, a file name, and no formula")
    func csv() async throws {
        try await withHouse(clients: Self.clients) { house in
            _ = try await house.sound(fields: Self.key("=1+1"))
            _ = try await house.endlessSound(fields: Self.key("alice"))
            let answer = try await house.send(
                .get,
                "/v1/usage?interval=month&format=csv&from=2020-02-01&to=9999-01-31",
                fields: Self.key("boss")
            )
            #expect(
                answer.fields["Content-Disposition"]
                    == "attachment; filename=\"soundgate-usage-2020-02-01-9999-01-31.csv\""
            )
            let lines = Self.lines(answer)
            #expect(lines.count == 3)
            #expect(lines[0].first == "start")
            #expect(lines.allSatisfy { $0.count == 16 })
            #expect(lines[1][1...5] == ["builtin", "procedural", "\"'=1+1\"", "1", "1"])
            #expect(lines[2][1...5] == ["suno", "sounds", "alice", "1", "0"])
            #expect(lines[2][12...] == ["credits", "2.5", "0", "2.5"])
        }
    }
}
