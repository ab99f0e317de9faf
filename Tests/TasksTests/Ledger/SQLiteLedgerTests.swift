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
                migrations: ledgerSteps + [
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
            let database = try Database(path: path, migrations: ledgerSteps)
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

    /// The ledger's own steps by name, so that its file opens for a look inside; they have run already.
    private var ledgerSteps: [Migration] { [Migration("2026-11-21 tasks", sql: "")] }
}
