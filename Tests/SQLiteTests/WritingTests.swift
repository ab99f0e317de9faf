import SQLite
import Synchronization
import Testing
import Threads

@Suite struct WritingTests {
    /// Holds the writer in its first commit until it is opened.
    private final class Gate: Sendable {
        private let isOpen = Atomic(false)
        private let isReached = Atomic(false)
        func pass() {
            isReached.store(true, ordering: .releasing)
            while !isOpen.load(ordering: .acquiring) { yield() }
        }
        func open() { isOpen.store(true, ordering: .releasing) }
        func reached() async { while !isReached.load(ordering: .acquiring) { await Task.yield() } }
        private func yield() { for _ in 0..<1000 { _ = isOpen.load(ordering: .relaxed) } }
    }

    /// Queues all the jobs behind one that the gate holds, so that they share a batch.
    private func together(
        _ database: Database,
        _ gate: Gate,
        count: Int,
        _ body: @escaping @Sendable (Int, Connection) throws -> Void
    ) async throws -> [(number: Int, error: (any Error)?)] {
        try await withThrowingTaskGroup { group in
            group.addTask { () -> (number: Int, error: (any Error)?) in
                do { try await database.write { _ in gate.pass() } } catch { return (0, error) }
                return (0, nil)
            }
            await gate.reached()
            for number in 1...count {
                group.addTask {
                    do { try await database.write { try body(number, $0) } } catch { return (number, error) }
                    return (number, nil)
                }
            }
            while database.queuedWrites < count { await Task.yield() }
            gate.open()
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.number < $1.number }
        }
    }

    @Test func eachBatchIsToldOfWithItsSizeAndTime() async throws {
        let batches = Guarded<[WrittenBatch]>([])
        var options = Database.Options()
        options.written = { batch in batches.withLock { $0.append(batch) } }
        struct Refused: Error {}
        try await withDatabase(options: options) { database in
            let outcomes = try await together(database, Gate(), count: 5) { number, _ in
                if number > 3 { throw Refused() }
            }
            #expect(outcomes.count { $0.error != nil } == 2)
            await #expect(throws: Refused.self) { try await database.write { _ in throw Refused() } }
        }
        let seen = batches.withLock { $0 }.suffix(3)
        #expect(seen.map(\.jobs) == [1, 5, 1])
        #expect(seen.map(\.isCommitted) == [true, true, false])
        #expect(seen.allSatisfy { $0.duration > .zero })
    }

    @Test func whateverQueuesDuringACommitSharesTheNext() async throws {
        try await withDatabase { database in
            let outcomes = try await together(database, Gate(), count: 50) { number, connection in
                try connection.run("INSERT INTO note (body) VALUES (?)", ["note \(number)"])
            }
            #expect(outcomes.allSatisfy { $0.error == nil })
            let stored = try await bodies(database)
            #expect(stored.count == 50)
            let statistics = database.statistics
            #expect(statistics.commits == 2)
            #expect(statistics.jobs == 51)
            #expect(statistics.largestBatch == 50)
            #expect(statistics.lastBatchDuration > .zero)
        }
    }

    @Test func noBatchIsLargerThanAllowed() async throws {
        var options = Database.Options()
        options.largestBatch = 8
        try await withDatabase(options: options) { database in
            _ = try await together(database, Gate(), count: 50) { number, connection in
                try connection.run("INSERT INTO note (body) VALUES (?)", ["note \(number)"])
            }
            #expect(database.statistics.largestBatch == 8)
            #expect(database.statistics.commits == 8)
            let stored = try await bodies(database)
            #expect(stored.count == 50)
        }
    }

    @Test func aFailingJobTakesBackItsOwnChangesAlone() async throws {
        try await withDatabase { database in
            let outcomes = try await together(database, Gate(), count: 9) { number, connection in
                try connection.run("INSERT INTO note (body) VALUES (?)", ["note \(number)"])
                if number.isMultiple(of: 3) { throw Refused(number: number) }
                if number == 4 { try connection.run("INSERT INTO note (body) VALUES ('note 4')") }
            }
            for (number, error) in outcomes {
                switch number {
                case 3, 6, 9: #expect(error as? Refused == Refused(number: number))
                case 4: #expect((error as? SQLiteError)?.isUnique == true)
                default: #expect(error == nil)
                }
            }
            let stored = try await bodies(database)
            #expect(stored == ["note 1", "note 2", "note 5", "note 7", "note 8"])
            #expect(database.statistics.failedJobs == 4)
        }
    }

    @Test func aLoneFailingJobLeavesNothing() async throws {
        try await withDatabase { database in
            await #expect(throws: Refused()) {
                try await database.write { connection in
                    try connection.run("INSERT INTO note (body) VALUES ('gone')")
                    throw Refused()
                }
            }
            let stored = try await bodies(database)
            #expect(stored.isEmpty)
            #expect(try await database.write { try $0.run("INSERT INTO note (body) VALUES ('kept')") } == 1)
            let kept = try await bodies(database)
            #expect(kept == ["kept"])
        }
    }

    @Test func aFailingCommitFailsEveryJobAndTheNextBatchTriesAnew() async throws {
        let isFull = Atomic(true)
        let commits = Atomic(0)
        let failing = Box(isFull: isFull, commits: commits)
        var options = Database.Options()
        options.beforeCommit = {
            if failing.commits.add(1, ordering: .relaxed).oldValue > 0,
                failing.isFull.load(ordering: .acquiring)
            {
                throw SQLiteError(code: 13)
            }
        }
        try await withDatabase(options: options) { database in
            let outcomes = try await together(database, Gate(), count: 5) { number, connection in
                try connection.run("INSERT INTO note (body) VALUES (?)", ["note \(number)"])
            }
            #expect(outcomes[0].error == nil)
            for (_, error) in outcomes.dropFirst() { #expect((error as? SQLiteError)?.isFull == true) }
            let stored = try await bodies(database)
            #expect(stored.isEmpty)
            failing.isFull.store(false, ordering: .releasing)
            try await database.write { _ = try $0.run("INSERT INTO note (body) VALUES ('after')") }
            let afterwards = try await bodies(database)
            #expect(afterwards == ["after"])
        }
    }

    private final class Box: Sendable {
        let isFull: Atomic<Bool>
        let commits: Atomic<Int>
        init(isFull: consuming Atomic<Bool>, commits: consuming Atomic<Int>) {
            self.isFull = isFull
            self.commits = commits
        }
    }

    @Test func aFullDiskFailsTheWholeBatch() async throws {
        try await withDatabase { database in
            // SQLite's own limit on pages gives a real SQLITE_FULL in the middle of a job.
            try await database.write { try $0.execute("PRAGMA max_page_count = 12") }
            let outcomes = try await together(database, Gate(), count: 5) { number, connection in
                let size = number == 3 ? 200_000 : 10
                try connection.run(
                    "INSERT INTO note (body) VALUES (hex(zeroblob(?)) || ?)",
                    [SQLiteValue(size), "\(number)"]
                )
            }
            let full = outcomes.filter { ($0.error as? SQLiteError)?.isFull == true }.map(\.number)
            let kept = try await bodies(database).count
            #expect(full.contains(3))
            #expect(kept == 5 - full.count)
            try await database.write { _ = try $0.run("INSERT INTO note (body) VALUES ('after')") }
            let stored = try await bodies(database)
            #expect(stored.count == kept + 1)
        }
    }

    @Test func aJobThatEndsTheTransactionIsFoundOut() async throws {
        try await withDatabase { database in
            await #expect(throws: SQLiteError.self) {
                try await database.write { connection in
                    try connection.execute("ROLLBACK")
                    try connection.run("INSERT INTO note (body) VALUES ('outside')")
                }
            }
            let stored = try await bodies(database)
            #expect(stored.isEmpty)
        }
    }

    @Test func aCancelledTasksWriteStillRuns() async throws {
        try await withDatabase { database in
            let gate = Gate()
            async let holding: Void = database.write { _ in gate.pass() }
            await gate.reached()
            let task = Task {
                try await database.write { try $0.run("INSERT INTO note (body) VALUES ('kept')") }
            }
            while database.queuedWrites < 1 { await Task.yield() }
            task.cancel()
            gate.open()
            #expect(try await task.value == 1)
            try await holding
            let stored = try await bodies(database)
            #expect(stored == ["kept"])
        }
    }

    @Test func readersSeeWholeCommitsWhileWritersWrite() async throws {
        let pairs = [
            Migration(
                "pair",
                sql: "CREATE TABLE pair (left INTEGER, right INTEGER); INSERT INTO pair VALUES (0, 0)"
            )
        ]
        try await withDatabase(migrations: pairs) { database in
            try await withThrowingTaskGroup { group in
                for _ in 0..<4 {
                    group.addTask {
                        for _ in 0..<25 {
                            try await database.write { connection in
                                try connection.run("UPDATE pair SET left = left + 1")
                                try connection.run("UPDATE pair SET right = right + 1")
                            }
                        }
                    }
                    group.addTask {
                        for _ in 0..<50 {
                            let (left, right) = try await database.read { connection in
                                let left = try connection.first("SELECT left FROM pair") { $0.int(0) }
                                let right = try connection.first("SELECT right FROM pair") { $0.int(0) }
                                return (left, right)
                            }
                            #expect(left == right)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await database.read { try $0.first("SELECT left FROM pair") { $0.int(0) } } == 100)
        }
    }

    @Test func readersCannotWrite() async throws {
        try await withDatabase { database in
            let error = await #expect(throws: SQLiteError.self) {
                try await database.read { _ = try $0.run("INSERT INTO note (body) VALUES ('x')") }
            }
            #expect(error?.isReadOnly == true)
            let stored = try await bodies(database)
            #expect(stored.isEmpty)
        }
    }

    @Test func aClosedDatabaseSaysSo() async throws {
        let directory = try TemporaryDirectory()
        let database = try Database(path: directory.path + "/test.db", migrations: notes)
        await database.close()
        await database.close()
        await #expect(throws: DatabaseClosedError.self) { try await database.write { _ in } }
        await #expect(throws: DatabaseClosedError.self) { try await database.read { _ in } }
    }

    @Test func closingLetsQueuedWritesFinish() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/test.db"
        let database = try Database(path: path, migrations: notes)
        let gate = Gate()
        async let holding: Void = database.write { _ in gate.pass() }
        await gate.reached()
        async let queued = database.write { try $0.run("INSERT INTO note (body) VALUES ('last')") }
        while database.queuedWrites < 1 { await Task.yield() }
        async let closed: Void = database.close()
        gate.open()
        try await holding
        #expect(try await queued == 1)
        await closed
        let again = try Database(path: path, migrations: notes)
        #expect(try await bodies(again) == ["last"])
        await again.close()
    }
}
