import Postgres
import Testing

@Suite struct ValueTests {
    @Test(
        arguments: [
            ("text", .text("")), ("text", .text("grüße 🎧 'it''s' \\ \"x\" {,} NULL")), ("text", .null),
            ("bigint", .integer(.min)), ("bigint", .integer(.max)), ("integer", .integer(-7)),
            ("smallint", .integer(3)), ("double precision", .double(0.1)),
            ("double precision", .double(-1e300)),
            ("double precision", .double(.infinity)), ("double precision", .double(-.infinity)),
            ("real", .double(0.5)), ("boolean", .bool(true)), ("boolean", .bool(false)), ("boolean", .null),
            ("bytea", .blob([])), ("bytea", .blob(Array(0...255))), ("bytea", .null),
            ("text[]", .texts([])), ("text[]", .texts(["", "NULL", "a,b", "{}", "\"\\", "ü", " x "])),
            ("bigint[]", .integers([])), ("bigint[]", .integers([1, -2, .max])),
            ("integer[]", .integers([4])),
        ] as [(String, PostgresValue)]
    )
    func comesBackAsItWasSent(_ type: String, _ value: PostgresValue) async throws {
        try await withDatabase { fixture in
            let rows = try await fixture.pool.query("SELECT $1::\(type), $2::text", [value, "next"])
            #expect(rows.map { $0.value(0) } == [value])
            #expect(rows.first?.isNull(0) == (value == .null))
            #expect(rows.first?.text(1) == "next")
        }
    }

    @Test func plainAccessorsReadNullAsNothing() async throws {
        try await withDatabase { fixture in
            let row = try #require(
                try await fixture.pool.query(
                    "SELECT NULL::bigint, NULL::text, NULL::bytea, 12.75, count(*) FROM pg_class"
                )
                .first
            )
            #expect(row.count == 5)
            #expect(row.int(0) == 0)
            #expect(row.optionalInt(0) == nil)
            #expect(row.text(1) == "")
            #expect(row.optionalText(1) == nil)
            #expect(row.blob(2) == [])
            #expect(row.optionalBlob(2) == nil)
            #expect(row.double(3) == 12.75)
            #expect(row.int(3) == 12)
            #expect(row.int(4) > 0)
            #expect(row.isNull(5))
            #expect(row.isNull(-1))
        }
    }

    @Test func countsWhatAStatementChanged() async throws {
        try await withNotes { fixture in
            let results = try await fixture.pool.run([
                Statements.note("a"), Statements.note("b"),
                PostgresStatement("UPDATE note SET body = body || '!'"),
                PostgresStatement("SELECT body FROM note ORDER BY body"),
                PostgresStatement("DELETE FROM note WHERE body = $1", ["nothing"]),
            ])
            #expect(results.map(\.count) == [1, 1, 2, 2, 0])
            #expect(results[3].rows.map { $0.text(0) } == ["a!", "b!"])
        }
    }

    @Test func aTextWithNULIsRefusedAndNothingIsSent() async throws {
        try await withNotes { fixture in
            let error = try await failing {
                try await fixture.pool.run([Statements.note("fine"), Statements.note("a\0b")])
            }
            #expect(error.kind == .refused)
            #expect(!error.isUnavailable)
            let bodies = try await fixture.bodies()
            #expect(bodies == [])
        }
    }

    @Test func aMegabyteGoesBothWays() async throws {
        try await withDatabase { fixture in
            let blob = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let rows = try await fixture.pool.query("SELECT $1::bytea", [.blob(blob)])
            #expect(rows.first?.blob(0) == blob)
        }
    }
}
