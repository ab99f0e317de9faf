import Glibc
import SQLite
import Synchronization
import Testing

private let ioWrite: Int32 = 10 | 3 << 8
private let ioSync: Int32 = 10 | 4 << 8
private let ioShare: Int32 = 10 | 19 << 8

/// What a database does when its disk, another program, or its own content is in the way.
@Suite("Trouble with the disk") struct TroubleTests {
    private let quick: Database.Options = {
        var options = Database.Options()
        options.busyTimeout = .milliseconds(50)
        return options
    }()

    private func outcome(_ body: () async throws -> Void) async -> SQLiteError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? SQLiteError
        }
    }

    @Test(
        "What the system says of room counts as a full disk, whatever SQLite calls it",
        arguments: [
            (13, 0, true), (ioWrite, ENOSPC, true), (ioSync, EDQUOT, true), (ioShare, ENOSPC, true),
            (ioWrite, EROFS, false), (ioSync, EIO, false), (5, 0, false),
        ] as [(Int32, Int32, Bool)]
    )
    func full(_ code: Int32, _ systemCode: Int32, _ isFull: Bool) {
        #expect(SQLiteError(code: code, systemCode: systemCode).isFull == isFull)
    }

    @Test("A commit that is too large for the disk leaves nothing, and the next one that fits goes through")
    func tooLarge() async throws {
        try await withDatabase { database in
            try await database.write { try $0.execute("PRAGMA max_page_count = 20") }
            let refused = await outcome {
                try await database.write { connection in
                    try connection.run("INSERT INTO note (body) VALUES ('first part')")
                    try connection.run("INSERT INTO note (body) VALUES (hex(zeroblob(100000)))")
                }
            }
            #expect(refused?.isFull == true)
            let none = try await bodies(database)
            #expect(none.isEmpty)
            try await database.write { _ = try $0.run("INSERT INTO note (body) VALUES ('small')") }
            try await database.write { try $0.execute("PRAGMA max_page_count = 1000") }
            try await database.write {
                _ = try $0.run("INSERT INTO note (body) VALUES (hex(zeroblob(100000)))")
            }
            let stored = try await bodies(database)
            #expect(stored.map(\.utf8.count) == [200_000, 5])
        }
    }

    private final class Failing: Sendable {
        let error = Atomic<Int32>(0)
    }

    @Test(
        "A commit that the disk does not take is undone, and the connection goes on when the disk is back",
        arguments: [13, ioWrite, ioSync]
    )
    func failedCommit(_ code: Int32) async throws {
        let failing = Failing()
        var options = Database.Options()
        options.beforeCommit = {
            let code = failing.error.load(ordering: .acquiring)
            if code != 0 { throw SQLiteError(code: code) }
        }
        try await withDatabase(options: options) { database in
            failing.error.store(code, ordering: .releasing)
            for number in 1...3 {
                let refused = await outcome {
                    try await database.write {
                        _ = try $0.run("INSERT INTO note (body) VALUES (?)", ["\(number)"])
                    }
                }
                #expect(refused?.code.rawValue == code)
            }
            let none = try await bodies(database)
            #expect(none.isEmpty)
            failing.error.store(0, ordering: .releasing)
            try await database.write { _ = try $0.run("INSERT INTO note (body) VALUES ('after')") }
            let stored = try await bodies(database)
            #expect(stored == ["after"])
        }
    }

    @Test("On a full disk the log is copied, so that its own room can be used again")
    func logIsCopied() async throws {
        try await withDatabase { database in
            try await database.write { try $0.execute("PRAGMA max_page_count = 20") }
            let refused = await outcome {
                try await database.write {
                    _ = try $0.run("INSERT INTO note (body) VALUES (hex(zeroblob(100000)))")
                }
            }
            #expect(refused?.isFull == true)
            while database.statistics.checkpoints == 0 { await Task.yield() }
        }
    }

    @Test("While another program holds the lock, writes end as busy after their time and reads go on")
    func locked() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/test.db"
        let database = try Database(path: path, migrations: notes, options: quick)
        try await database.write { _ = try $0.run("INSERT INTO note (body) VALUES ('before')") }
        let other = try Connection(path: path, mode: .readWrite)
        try other.execute("BEGIN IMMEDIATE")
        let refused = await outcome {
            try await database.write { _ = try $0.run("INSERT INTO note (body) VALUES ('meanwhile')") }
        }
        #expect(refused?.isBusy == true)
        let seen = try await bodies(database)
        #expect(seen == ["before"])
        try other.execute("COMMIT")
        try await database.write { _ = try $0.run("INSERT INTO note (body) VALUES ('after')") }
        let stored = try await bodies(database)
        #expect(stored == ["after", "before"])
        await database.close()
    }

    /// Fills a table with 200 large rows, closes the file and writes over one page in the table's middle.
    ///
    /// - Returns: the ids of the rows that can still be read one by one.
    private func damage(_ path: String) async throws {
        let database = try Database(path: path, migrations: notes)
        try await database.write { connection in
            for number in 1...200 {
                try connection.run(
                    "INSERT INTO note (id, body) VALUES (?, ? || hex(zeroblob(500)))",
                    [SQLiteValue(number), "\(number)"]
                )
            }
        }
        let page = try await database.read { connection in
            // The table's leaves follow each other; one in the middle is of this table and not its root.
            try connection.first(
                "SELECT pageno FROM dbstat WHERE name = 'note' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 10"
            ) { $0.int(0) }
        }
        await database.close()
        let number = try #require(page)
        let file = open(path, O_WRONLY)
        defer { close(file) }
        let noise = [UInt8](repeating: 0xA5, count: 4096)
        try #require(pwrite(file, noise, noise.count, (number - 1) * 4096) == noise.count)
    }

    @Test("Around a damaged page everything else can be read and written")
    func damagedPage() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/test.db"
        try await damage(path)
        let database = try Database(path: path, migrations: notes)
        var damaged = 0
        for id in 1...200 {
            let failure = await outcome {
                _ = try await database.read {
                    try $0.first("SELECT body FROM note WHERE id = ?", [SQLiteValue(id)]) { $0.text(0) }
                }
            }
            if let failure {
                #expect(failure.isCorrupt)
                damaged += 1
            }
        }
        #expect((1..<20).contains(damaged))
        try await database.write { _ = try $0.run("INSERT INTO note (id, body) VALUES (1000, 'new')") }
        let fresh = try await database.read {
            try $0.first("SELECT body FROM note WHERE id = 1000") { $0.text(0) }
        }
        #expect(fresh == "new")
        // A damaged page is an error of those that need it, also in a batch.
        let refused = await outcome {
            try await database.write { _ = try $0.run("UPDATE note SET body = body || 'x' WHERE id < 200") }
        }
        #expect(refused?.isCorrupt == true)
        try await database.write { _ = try $0.run("UPDATE note SET body = 'newer' WHERE id = 1000") }
        await database.close()
    }

    @Test("A schema that cannot be read is damage and is told as such, and the file is left alone")
    func damagedSchema() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/test.db"
        try await damage(path)
        let file = open(path, O_WRONLY)
        let noise = [UInt8](repeating: 0xA5, count: 3000)
        #expect(pwrite(file, noise, noise.count, 100) == noise.count)
        close(file)
        let error = try #require(throws: DatabaseOpeningError.self) {
            _ = try Database(path: path, migrations: notes)
        }
        #expect(error.isDamage)
        #expect("\(error)".hasPrefix("\(path) is damaged: "))
    }
}
