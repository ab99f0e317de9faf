import SQLite
import Sound
import Tasks
import Testing

@Suite("The SQLite ledger's file")
struct SQLiteLedgerTests {
    @Test("a file of a newer version is refused and left alone")
    func newer() async throws {
        try await withFolder { folder in
            let path = "\(folder)/ledger.db"
            let later = try Database(
                path: path,
                migrations: ledgerMigrations + [
                    Migration("2999-01-01 flying tasks", sql: "CREATE TABLE wings (x)")
                ]
            )
            await later.close()
            await #expect {
                try await SQLiteLedger(path: path)
            } throws: { error in
                if case DatabaseOpeningError.newer(_, "2999-01-01 flying tasks") = error {
                    true
                } else {
                    false
                }
            }
        }
    }

    @Test("one file serves one process")
    func inUse() async throws {
        try await withFolder { folder in
            let first = try await SQLiteLedger(path: "\(folder)/ledger.db")
            await #expect(throws: DatabaseOpeningError.self) {
                try await SQLiteLedger(path: "\(folder)/ledger.db")
            }
            await first.close()
            let second = try await SQLiteLedger(path: "\(folder)/ledger.db")
            await second.close()
        }
    }

    @Test("another program's database is refused")
    func foreign() async throws {
        try await withFolder { folder in
            var options = Database.Options()
            options.applicationID = 7
            let other = try Database(
                path: "\(folder)/ledger.db",
                migrations: [Migration("theirs", sql: "CREATE TABLE t (x)")],
                options: options
            )
            await other.close()
            await #expect {
                try await SQLiteLedger(path: "\(folder)/ledger.db")
            } throws: { error in
                if case DatabaseOpeningError.foreign = error { true } else { false }
            }
        }
    }

    @Test("a row that cannot be read is named, and does not hide the others")
    func corrupt() async throws {
        try await withFolder { folder in
            let path = "\(folder)/ledger.db"
            let first = try await SQLiteLedger(path: path)
            try await first.admit(admitted("snd_1"), holder: one)
            try await first.admit(admitted("snd_2"), holder: one)
            await first.close()
            let database = try Database(path: path, migrations: ledgerMigrations)
            try await database.write { connection in
                _ = try connection.run("UPDATE tasks SET request = '{' WHERE id = 'snd_1'")
            }
            await database.close()
            let ledger = try await SQLiteLedger(path: path)
            await #expect {
                try await ledger.task(TaskID(rawValue: "snd_1"))
            } throws: { error in
                if case LedgerError.corrupt = error { true } else { false }
            }
            let other = try await ledger.task(TaskID(rawValue: "snd_2"))
            #expect(other != nil)
            await ledger.close()
        }
    }

    @Test("a file of the first version is brought up to date, and its waiting tasks still wait")
    func upgrade() async throws {
        try await withFolder { folder in
            let path = "\(folder)/ledger.db"
            let old = try Database(path: path, migrations: Array(ledgerMigrations.prefix(1)))
            try await old.write { connection in
                for (id, status) in [("snd_1", "queued"), ("snd_2", "running")] {
                    _ = try connection.run(
                        """
                        INSERT INTO tasks (id, type, created_at, deadline, request, routes, status, revision)
                        VALUES (?, 'effect', 1, 2, '{"prompt":"rain"}',
                            '[{"provider":"a","operation":"sounds","prompt":"rain","fulfilment":{}}]', ?, 1)
                        """,
                        [.text(id), .text(status)]
                    )
                }
                _ = try connection.run(
                    """
                    INSERT INTO attempts (task, number, route, provider, operation, state, provider_task_id, started_at)
                    VALUES ('snd_2', 1, 0, 'a', 'sounds', 'accepted', 'j1', 1)
                    """,
                    []
                )
            }
            await old.close()
            let ledger = try await SQLiteLedger(path: path)
            let tasks = try await ledger.claim(
                10,
                for: one,
                until: Moment(milliseconds: 9),
                now: Moment(milliseconds: 3)
            )
            #expect(
                tasks.map(\.waiting) == [[CallRequest(id: 1, route: 0, takes: nil, tries: 1)], []]
            )
            #expect(tasks.last?.attempts.first?.tries == 1)
            await ledger.close()
        }
    }
}
