import Glibc
import SQLite
import Testing

@Suite struct OpeningTests {
    @Test func makesDirectoryAndFileForTheOwnerAlone() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/a/b/test.db"
        let database = try Database(path: path, migrations: notes)
        for (path, mode) in [(directory.path + "/a/b", 0o700), (path, 0o600), (path + "-wal", 0o600)]
            as [(String, UInt32)]
        {
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == mode, "\(path)")
        }
        await database.close()
    }

    @Test func whatWasWrittenIsThereAfterReopening() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/test.db"
        for round in 1...3 {
            let database = try Database(path: path, migrations: notes)
            try await database.write { try $0.run("INSERT INTO note (body) VALUES (?)", ["round \(round)"]) }
            #expect(try await bodies(database).count == round)
            await database.close()
            #expect(access(path + "-wal", F_OK) != 0, "the log is emptied and removed")
        }
    }

    @Test func aSecondOpenerIsTurnedAwayByName() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/test.db"
        let database = try Database(path: path, migrations: notes)
        let error = try #require(throws: DatabaseOpeningError.self) {
            _ = try Database(path: path, migrations: notes)
        }
        #expect("\(error)" == "\(path) is in use by another process (\(getpid()))")
        try await database.write { try $0.run("INSERT INTO note (body) VALUES ('still alive')") }
        await database.close()
        await (try Database(path: path, migrations: notes)).close()
    }

    @Test func migrationsRunOnceAndInOrder() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/test.db"
        await (try Database(path: path, migrations: notes)).close()
        let more =
            notes + [
                Migration("colour", sql: "ALTER TABLE note ADD COLUMN colour TEXT"),
                Migration("first") { try $0.run("INSERT INTO note (body, colour) VALUES ('first', 'red')") },
            ]
        for _ in 1...2 {
            let database = try Database(path: path, migrations: more)
            #expect(
                try await database.read { try $0.query("SELECT colour FROM note") { $0.text(0) } } == ["red"]
            )
            await database.close()
        }
    }

    @Test func aNewerFileIsRefusedByName() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/test.db"
        let newer = notes + [Migration("0042 teleport", sql: "CREATE TABLE teleport (id INTEGER)")]
        await (try Database(path: path, migrations: newer)).close()
        let error = try #require(throws: DatabaseOpeningError.self) {
            _ = try Database(path: path, migrations: notes)
        }
        #expect(
            "\(error)".contains(path) && "\(error)".contains("\"0042 teleport\"")
                && "\(error)".contains("newer")
        )
    }

    @Test func anotherHistoryIsRefused() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/test.db"
        let ours = [Migration("a", sql: "SELECT 1"), Migration("b", sql: "SELECT 1")]
        await (try Database(path: path, migrations: ours)).close()
        #expect(throws: DatabaseOpeningError.self) {
            _ = try Database(path: path, migrations: ours.reversed())
        }
    }

    @Test func aFailedMigrationLeavesNothing() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/test.db"
        let broken = notes + [Migration("broken", sql: "CREATE TABLE half (id INTEGER); SELECT nonsense")]
        #expect(throws: DatabaseOpeningError.self) { _ = try Database(path: path, migrations: broken) }
        let dangling =
            notes + [
                Migration(
                    "dangling",
                    sql: """
                        CREATE TABLE child (note INTEGER REFERENCES note (id));
                        INSERT INTO child VALUES (7);
                        """
                )
            ]
        #expect(throws: DatabaseOpeningError.self) { _ = try Database(path: path, migrations: dangling) }
        let database = try Database(path: path, migrations: notes)
        let tables = try await database.read {
            try $0.query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") { $0.text(0) }
        }
        #expect(tables == ["note", "schema_migrations"])
        await database.close()
    }

    @Test func anotherProgramsDatabaseIsRefusedUntouched() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/theirs.db"
        try Connection(path: path, mode: .readWrite).execute("CREATE TABLE theirs (id)")
        let error = try #require(throws: DatabaseOpeningError.self) {
            _ = try Database(path: path, migrations: notes)
        }
        #expect("\(error)" == "\(path) is a SQLite database, but another program's")
        let tables = try Connection(path: path, mode: .readOnly).query("SELECT name FROM sqlite_schema") {
            $0.text(0)
        }
        #expect(tables == ["theirs"])
    }

    @Test(arguments: ["x", "not a database\n", "SQLite format 3\0", String(repeating: "text ", count: 1000)])
    func aFileThatIsNoDatabaseIsRefused(_ content: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/notes.txt"
        let file = open(path, O_CREAT | O_WRONLY, 0o600)
        #expect(write(file, content, content.utf8.count) == content.utf8.count)
        close(file)
        let error = try #require(throws: DatabaseOpeningError.self) {
            _ = try Database(path: path, migrations: notes)
        }
        #expect("\(error)" == "\(path) is not a SQLite database or is damaged")
    }

    @Test func aDirectoryThatCannotBeMadeIsNamed() throws {
        let error = try #require(throws: DatabaseOpeningError.self) {
            _ = try Database(path: "/proc/nowhere/test.db", migrations: notes)
        }
        #expect("\(error)".contains("/proc/nowhere"))
    }
}
