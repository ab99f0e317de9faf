import CSQLite
import Threads

/// One SQLite file in write-ahead mode: a thread that writes in grouped commits, and a few that read.
///
/// While one commit waits for the disk, further writes queue; all of them go into the next transaction. A write
/// returns only when it is durable. The file belongs to one process at a time.
package final class Database: Sendable {
    /// What can be chosen when opening.
    package struct Options: Sendable {
        /// Threads that read at the same time.
        package var readers = 2
        /// How long to wait for another program's lock on the file.
        package var busyTimeout: Duration = .seconds(5)
        /// The most jobs that share a commit.
        package var largestBatch = 256
        /// What marks a file as ours; the letters `sgat`.
        package var applicationID: Int32 = 0x7367_6174
        /// Called before each `COMMIT`, for tests; what it throws counts as that commit's failure.
        package var beforeCommit: (@Sendable () throws -> Void)?
        /// Called on the writer's thread after each batch; it must not block.
        package var written: (@Sendable (WrittenBatch) -> Void)?

        fileprivate var busyMilliseconds: Int64 {
            busyTimeout.components.seconds * 1000 + busyTimeout.components.attoseconds / 1_000_000_000_000_000
        }

        /// Two readers, five seconds, 256 jobs.
        package init() {}
    }

    private struct Closing {
        var isClosed = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let queue: WriteQueue
    private let readers: ReaderPool
    private let counted: Guarded<WriteStatistics>
    private let closing: Guarded<Closing>

    /// Opens the file, or makes it, and brings its schema up to date.
    ///
    /// Blocks; call it while starting up.
    package init(path: String, migrations: [Migration], options: Options = Options())
        throws(DatabaseOpeningError)
    {
        let file = try DatabaseFile(path: path)
        do {
            let connection = try Database.openWriter(path, migrations, options)
            let readers = try ReaderPool(count: options.readers) { try Database.openReader(path, options) }
            let queue = WriteQueue()
            let counted = Guarded(WriteStatistics())
            let checkpointer = try Checkpointer(
                try Database.openCheckpointer(path, options),
                statistics: counted
            )
            let closing = Guarded(Closing())
            let handover = Handover(connection: connection)
            _ = try Thread(name: "sqlite-write") {
                Database.serve(
                    queue,
                    handover.connection,
                    checkpointer: checkpointer,
                    statistics: counted,
                    options: options,
                    closing: closing,
                    readers: readers,
                    file: file
                )
            }
            self.queue = queue
            self.readers = readers
            self.counted = counted
            self.closing = closing
        } catch let error as DatabaseOpeningError {
            throw error
        } catch let error as SystemError {
            throw .system(error)
        } catch let error as SQLiteError {
            throw DatabaseOpeningError(path, error)
        } catch {
            let message = "a migration failed: \(error)"
            throw .sqlite(path: path, SQLiteError(code: SQLITE_ERROR, message: message))
        }
    }

    /// The writer's thread ends by itself once the queue is closed and drained.
    deinit { queue.close() }

    /// Makes a change and returns when it is durable.
    ///
    /// The body runs once, on the writer's thread, inside a transaction that it may share with others: it must not
    /// block or begin and end transactions. When it throws, its changes are undone and the error comes back. A change
    /// that is queued runs, even if the task is cancelled meanwhile.
    @discardableResult
    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            if !queue.append(PendingWrite(body, continuation)) {
                continuation.resume(throwing: DatabaseClosedError())
            }
        }
    }

    /// Reads one consistent state of the database, which includes every write that has returned.
    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Result
    ) async throws -> Result {
        try await readers.read(body)
    }

    /// What the writer has done so far.
    package var statistics: WriteStatistics { counted.withLock { $0 } }

    /// The number of changes that wait for the writer.
    package var queuedWrites: Int { queue.count }

    /// Lets queued work finish, empties the write-ahead log into the file and gives the file up.
    package func close() async {
        await withCheckedContinuation { continuation in
            let isClosed = closing.withLock { closing in
                if !closing.isClosed { closing.waiting.append(continuation) }
                return closing.isClosed
            }
            queue.close()
            if isClosed { continuation.resume() }
        }
    }
}

extension Database {
    /// Unchecked: handed to the writer's thread before it starts and touched by nobody else from then on.
    private struct Handover: @unchecked Sendable { let connection: Connection }

    /// The writer's thread, from start to end.
    private static func serve(
        _ queue: WriteQueue,
        _ connection: Connection,
        checkpointer: Checkpointer,
        statistics: Guarded<WriteStatistics>,
        options: Options,
        closing: Guarded<Closing>,
        readers: ReaderPool,
        file: DatabaseFile
    ) {
        let writer = BatchWriter(connection, statistics: statistics, options: options)
        var previous = 0
        var restartAt = Checkpointer.pagesToRestart
        while true {
            let batch = queue.nextBatch(limit: options.largestBatch, previous: previous)
            if batch.isEmpty { break }
            previous = batch.count
            writer.write(batch)
            // On a full disk a log that is copied whole begins anew, and its own blocks are room for what waits.
            guard connection.logPages >= restartAt else {
                if connection.logPages >= Checkpointer.pagesToCopy || writer.isShortOfRoom {
                    checkpointer.copy()
                }
                continue
            }
            // Of two checkpoints at once the second is refused, whatever it would wait for others.
            checkpointer.wait()
            // Somebody who reads for long (a backup, a forgotten shell) keeps the log from beginning anew. Asking for it
            // waits for him, and must not do so at each commit.
            restartAt =
                restartLog(connection, statistics)
                ? Checkpointer.pagesToRestart : connection.logPages + Checkpointer.pagesToRestart / 4
        }
        checkpointer.close()
        readers.close()
        // A log that cannot be emptied is replayed at the next start: nothing is lost.
        _ = try? connection.run("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        file.unlock()
        let waiting = closing.withLock { closing in
            closing.isClosed = true
            return closing.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Copies the rest of the log, so that the next commit begins it anew; `false` when that is not to be had.
    private static func restartLog(_ connection: Connection, _ statistics: Guarded<WriteStatistics>) -> Bool {
        var isDone = false
        do {
            // "The first column is … 1 if a RESTART … checkpoint was blocked from completing".
            isDone = try connection.first("PRAGMA wal_checkpoint(RESTART)", [], { $0.int(0) }) == 0
        } catch {
            // Nothing is lost: the log stays and grows.
            isDone = false
        }
        statistics.withLock { statistics in
            if isDone { statistics.checkpoints += 1 } else { statistics.failedCheckpoints += 1 }
        }
        return isDone
    }

    private static func openWriter(
        _ path: String,
        _ migrations: [Migration],
        _ options: Options
    ) throws -> Connection {
        let connection = try Connection(path: path, mode: .readWrite)
        try connection.execute("PRAGMA busy_timeout = \(options.busyMilliseconds)")
        let migrator = Migrator(path: path, migrations: migrations, applicationID: options.applicationID)
        try migrator.checkOwner(connection)
        // The log is copied by the checkpointer, never by a commit.
        try connection.execute(
            """
            PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
            PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864;
            PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;
            """
        )
        try migrator.run(on: connection)
        connection.measureLog()
        return connection
    }

    private static func openCheckpointer(_ path: String, _ options: Options) throws -> Connection {
        let connection = try Connection(path: path, mode: .readWrite)
        try connection.execute(
            """
            PRAGMA busy_timeout = \(options.busyMilliseconds);
            PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA trusted_schema = OFF;
            """
        )
        return connection
    }

    private static func openReader(_ path: String, _ options: Options) throws -> Connection {
        let connection = try Connection(path: path, mode: .readOnly)
        try connection.execute(
            """
            PRAGMA busy_timeout = \(options.busyMilliseconds);
            PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;
            """
        )
        return connection
    }
}
