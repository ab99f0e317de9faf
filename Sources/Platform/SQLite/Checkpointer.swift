import CSQLite
import Synchronization
import Threads

/// Copies the write-ahead log into the file while writes go on, on a thread and a connection of its own.
///
/// Left to SQLite, the commit that fills the log would pay for the copy and its two fsyncs, and everybody behind it
/// would wait. A passive checkpoint "does as much work as possible without blocking".
final class Checkpointer: Sendable {
    /// Pages in the log after which a copy is begun: 4 MiB.
    static let pagesToCopy = 1000
    /// Pages after which the writer itself starts the log anew, lest it grow for ever under steady load: 100 MiB.
    ///
    /// Most of it has been copied by then, so what is left to wait for is short.
    static let pagesToRestart = 25_600

    private let queue = JobQueue()
    private let isBusy = Atomic(false)
    private let statistics: Guarded<WriteStatistics>
    private let connection: Handover
    private let thread: Thread

    /// Unchecked: touched by the checkpointing thread alone once it runs.
    private struct Handover: @unchecked Sendable { let connection: Connection }

    init(_ connection: Connection, statistics: Guarded<WriteStatistics>) throws(SystemError) {
        self.connection = Handover(connection: connection)
        self.statistics = statistics
        let queue = queue
        thread = try Thread(name: "sqlite-copy") { while let job = queue.next() { job() } }
    }

    /// Begins a copy unless one is under way.
    func copy() {
        guard !isBusy.exchange(true, ordering: .acquiringAndReleasing) else { return }
        queue.append { [self] in
            do {
                try connection.connection.run("PRAGMA wal_checkpoint(PASSIVE)")
                statistics.withLock { $0.checkpoints += 1 }
            } catch {
                // The log keeps what was not copied, and the next copy begins there.
                statistics.withLock { $0.failedCheckpoints += 1 }
            }
            isBusy.store(false, ordering: .releasing)
        }
    }

    /// Waits for a copy that is under way; the writer alone may call it.
    func wait() {
        guard isBusy.load(ordering: .acquiring) else { return }
        let end = JobQueue()
        queue.append { end.close() }
        while let job = end.next() { job() }
    }

    /// Waits for a copy that is under way and ends the thread.
    func close() {
        queue.close()
        thread.join()
        connection.connection.close()
    }
}

/// How many pages the write-ahead log holds, as SQLite tells after each commit of a connection.
@safe
final class LogMeter {
    private(set) var pages = 0

    /// Begins to listen; the meter must live as long as the connection.
    func attach(to handle: OpaquePointer) {
        unsafe sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                guard let context = unsafe context else { return SQLITE_OK }
                unsafe Unmanaged<LogMeter>.fromOpaque(context).takeUnretainedValue().pages = Int(pages)
                return SQLITE_OK
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }
}
