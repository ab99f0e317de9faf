import Glibc
import SQLite
import Testing

@Suite struct CheckpointTests {
    @Test func aReaderThatStaysDoesNotSlowDownEveryCommit() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/test.db"
        let table = Migration("blobs", sql: "CREATE TABLE blob (data BLOB NOT NULL) STRICT")
        var options = Database.Options()
        options.busyTimeout = .milliseconds(20)
        let database = try Database(path: path, migrations: [table], options: options)
        let reader = try Connection(path: path, mode: .readOnly)
        try reader.execute("BEGIN; SELECT count(*) FROM blob;")
        // Some 150 MiB: half as much again as the log may hold.
        let block = [UInt8](repeating: 7, count: 240 << 10)
        for _ in 0..<640 {
            try await database.write { _ = try $0.run("INSERT INTO blob VALUES (?)", [.blob(block)]) }
        }
        // Blocked once at the limit and after each further quarter, not by each of the 200 commits beyond.
        #expect((1...4).contains(database.statistics.failedCheckpoints))
        try reader.execute("COMMIT")
        await database.close()
    }

    @Test func theLogIsCopiedWhileWritesGoOnAndDoesNotGrowForEver() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/test.db"
        let table = Migration("blobs", sql: "CREATE TABLE blob (data BLOB NOT NULL) STRICT")
        var options = Database.Options()
        // A slow disk is no failure here: the writer waits for the copy as long as it takes.
        options.busyTimeout = .seconds(100)
        let database = try Database(path: path, migrations: [table], options: options)
        // Some 240 MiB in all: more than twice what the log may hold.
        let block = [UInt8](repeating: 7, count: 240 << 10)
        for _ in 0..<1000 {
            try await database.write { _ = try $0.run("INSERT INTO blob VALUES (?)", [.blob(block)]) }
        }
        let statistics = database.statistics
        #expect(statistics.checkpoints > 0)
        #expect(statistics.failedCheckpoints == 0)
        var status = stat()
        #expect(stat(path + "-wal", &status) == 0)
        #expect(status.st_size < 200 << 20)
        let count = try await database.read { try $0.first("SELECT count(*) FROM blob") { $0.int(0) } }
        #expect(count == 1000)
        await database.close()
    }
}
