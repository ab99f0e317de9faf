import Threads

/// A few threads, each with a read-only connection while it works.
final class ReaderPool: Sendable {
    private struct State {
        var isOpen = true
        var idle: [Lent]
    }

    /// Unchecked: taken out of `idle` by one thread at a time, and the lock orders one use after the other.
    private struct Lent: @unchecked Sendable { let connection: Connection }

    private let state: Guarded<State>
    private let workers: WorkerPool

    /// Opens as many connections as there are threads, so that a thread with a job always finds an idle one.
    init(count: Int, open: () throws -> Connection) throws {
        var connections: [Lent] = []
        for _ in 0..<count { connections.append(Lent(connection: try open())) }
        state = Guarded(State(idle: connections))
        workers = try WorkerPool(name: "sqlite-read", threads: count)
    }

    func read<Result: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Result) async throws
        -> Result
    {
        try await withCheckedThrowingContinuation { continuation in
            // Under the lock, so that `close` cannot come between: the workers drop jobs that arrive after it.
            let isAccepted = state.withLock { state in
                if state.isOpen { workers.submit { self.run(body, continuation) } }
                return state.isOpen
            }
            if !isAccepted { continuation.resume(throwing: DatabaseClosedError()) }
        }
    }

    private func run<Result: Sendable>(
        _ body: @Sendable (Connection) throws -> Result,
        _ continuation: CheckedContinuation<Result, any Error>
    ) {
        guard let lent = state.withLock({ $0.idle.popLast() }) else {
            return continuation.resume(throwing: DatabaseClosedError())
        }
        let outcome = Swift.Result { try snapshot(lent.connection, body) }
        state.withLock { $0.idle.append(lent) }
        continuation.resume(with: outcome)
    }

    /// All of one body's statements see the same state of the database.
    private func snapshot<Result>(
        _ connection: Connection,
        _ body: (Connection) throws -> Result
    ) throws -> Result {
        try connection.run("BEGIN")
        do {
            let result = try body(connection)
            try connection.run("COMMIT")
            return result
        } catch {
            if connection.isInTransaction { try connection.run("ROLLBACK") }
            throw error
        }
    }

    /// Lets queued reads finish, then ends the threads and closes the connections; blocks meanwhile.
    func close() {
        state.withLock { $0.isOpen = false }
        workers.shutdown()
        state.withLock { $0.idle.removeAll() }
    }
}
