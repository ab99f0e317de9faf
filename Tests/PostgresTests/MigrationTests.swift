import Postgres
import PostgresTestSupport
import Testing

@Suite struct MigrationTests {
    private static let first = PostgresMigration(
        "notes",
        sql: """
            CREATE TABLE note (id bigint PRIMARY KEY, body text); -- several statements; one of them with quotes
            CREATE FUNCTION twice(n bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT n * 2; $$;
            INSERT INTO note VALUES (1, 'a;b');
            """
    )
    private static let second = PostgresMigration(
        "colour",
        sql: "ALTER TABLE note ADD COLUMN colour text DEFAULT 'red'",
        isCompatible: true
    )

    @Test func stepsRunOnceAndInOrder() async throws {
        try await withDatabase { fixture in
            try await fixture.pool.migrate([Self.first])
            for _ in 1...2 { try await fixture.pool.migrate([Self.first, Self.second]) }
            let rows = try await fixture.pool.query("SELECT body, colour, twice(id) FROM note")
            #expect(rows.map { [$0.text(0), $0.text(1), $0.text(2)] } == [["a;b", "red", "2"]])
            let names = try await fixture.pool.query("SELECT name FROM schema_migrations ORDER BY position")
            #expect(names.map { $0.text(0) } == ["notes", "colour"])
        }
    }

    @Test func manyGatewaysMayStartAtOnce() async throws {
        try await withDatabase(loops: 2) { fixture in
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask { try await fixture.pool.migrate([Self.first, Self.second]) }
                }
                try await group.waitForAll()
            }
            let rows = try await fixture.pool.query("SELECT count(*) FROM note")
            #expect(rows.first?.int(0) == 1)
        }
    }

    @Test func aNewerSchemaIsAcceptedOnlyWhenItSaysSo() async throws {
        try await withDatabase { fixture in
            try await fixture.pool.migrate([Self.first, Self.second])
            try await fixture.pool.migrate([Self.first])
            try await fixture.pool.migrate([
                Self.first, Self.second, PostgresMigration("third", sql: "SELECT 1"),
            ])
            await #expect(throws: PostgresMigrationError.newer(migration: "third")) {
                try await fixture.pool.migrate([Self.first, Self.second])
            }
        }
    }

    @Test func anotherHistoryIsRefused() async throws {
        try await withDatabase { fixture in
            try await fixture.pool.migrate([Self.first])
            await #expect(throws: PostgresMigrationError.diverged(migration: "colour")) {
                try await fixture.pool.migrate([Self.second, Self.first])
            }
            await #expect(throws: PostgresMigrationError.edited(migration: "notes")) {
                try await fixture.pool.migrate([PostgresMigration("notes", sql: "SELECT 1")])
            }
        }
    }

    @Test func aStepThatFailsIsUndoneAndTheOnesBeforeItStay() async throws {
        try await withDatabase { fixture in
            let bad = PostgresMigration("bad", sql: "CREATE TABLE half (id bigint); SELECT colour FROM note")
            do {
                try await fixture.pool.migrate([Self.first, bad])
                Issue.record("it went well")
            } catch PostgresMigrationError.failed(let name, let error) {
                #expect(name == "bad")
                #expect(error.sqlState == "42703")
            }
            let rows = try await fixture.pool.query(
                "SELECT to_regclass('note') IS NOT NULL, to_regclass('half') IS NULL"
            )
            #expect(rows.first?.bool(0) == true)
            #expect(rows.first?.bool(1) == true)
            try await fixture.pool.migrate([Self.first, Self.second])
        }
    }
}
