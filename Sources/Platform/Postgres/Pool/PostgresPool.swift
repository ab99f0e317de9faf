package import EventLoop
import Synchronization
package import Telemetry
import Threads

/// Connections to PostgreSQL, some for each loop.
///
/// A call on a loop uses an idle connection of that loop and never leaves it; other calls go to the loops in turn, so that
/// what comes from one loop alone has every connection. Transactions of one round trip share connections: several are under
/// way on each at the same time, one behind the other, and one that fails takes no other with it. Nothing blocks a loop:
/// names are looked up by threads of their own.
///
/// A call whose task is cancelled while it waits for a connection is not sent. Once sent, it is cancelled on the server
/// where that can hit no other call, and in any case waited for: what became of it is known when it returns.
package final class PostgresPool: Sendable {
    private let pools: [LoopPool]
    private let turn = Atomic<Int>(0)

    /// Reads the URL; connects nothing.
    ///
    /// The loops must outlive the pool.
    package init(_ options: Options, loops: [EventLoop], log: Log) throws(PostgresError) {
        precondition(!loops.isEmpty, "a pool needs a loop")
        precondition(options.connectionsPerLoop > 0, "a pool needs a connection")
        precondition(options.batchesPerConnection > 0, "a connection needs a batch to be of use")
        let url = try ConnectionURL(options.url)
        let log = log.module("postgres")
        pools = loops.map { LoopPool(url, on: $0, options, log: log) }
    }

    deinit {
        for pool in pools { pool.loop.execute { pool.close {} } }
    }

    // MARK: Calls

    /// Runs statements as one transaction in one round trip; all of them take effect or none.
    ///
    /// What is not cancellable runs to its end whatever becomes of the caller's task.
    ///
    /// - Returns: What each statement came to, in their order.
    @discardableResult
    package func run(
        _ statements: [PostgresStatement],
        isCancellable: Bool = true
    ) async throws(PostgresError) -> [PostgresResult] {
        guard !statements.isEmpty else { return [] }
        let pool = pool()
        let batch = try Batch(statements, .whole)
        let outcome = await pool.run(batch, isCancellable: isCancellable)
        // Its table has changed under a kept statement. Nothing has taken effect, and the name is forgotten.
        guard batch.isStale, case .failure = outcome else { return try outcome.get() }
        return try await pool.run(Batch(statements, .whole), isCancellable: isCancellable).get()
    }

    /// Runs one statement and returns its rows.
    package func query(_ sql: String, _ values: [PostgresValue] = []) async throws(PostgresError)
        -> [PostgresRow]
    {
        try await run([PostgresStatement(sql, values)]).first?.rows ?? []
    }

    /// Lends a connection for a transaction of several round trips; commits when `body` returns, rolls back when it throws.
    ///
    /// The body must not use the pool itself: it could wait for a connection that it holds.
    ///
    /// - Throws: What the body throws, or a ``PostgresError``.
    package func transaction<Result: Sendable>(
        _ body: (PostgresTransaction) async throws -> Result
    ) async throws -> Result {
        let pool = pool()
        let transaction = PostgresTransaction(try await pool.lend(), pool)
        do {
            let result = try await body(transaction)
            try await transaction.commit()
            return result
        } catch {
            await transaction.rollBack()
            throw error
        }
    }

    /// What the pool is doing now, all loops together.
    package var state: State {
        get async {
            var sum = State()
            for pool in pools { sum = await sum + pool.currentState() }
            return sum
        }
    }

    /// Refuses calls that wait and that come later, lets those that are under way end, and closes every connection.
    package func close() async {
        for pool in pools {
            await withCheckedContinuation { done in
                pool.loop.run { pool.close { done.resume() } }
            }
        }
    }

    /// The connections of the loop that the caller is on while one of them is idle, else each loop's in turn.
    private func pool() -> LoopPool {
        for pool in pools where pool.loop.isCurrent && pool.hasIdleConnection { return pool }
        let turn = UInt(bitPattern: turn.add(1, ordering: .relaxed).oldValue)
        return pools[Int(turn % UInt(pools.count))]
    }
}

extension PostgresPool {
    /// How much of a pool is at work.
    package struct State: Sendable, Equatable {
        /// Connections that are open.
        package var connections = 0
        /// Connections with something to do.
        package var busy = 0
        /// Batches that are under way.
        package var batches = 0
        /// Calls that wait for a connection.
        package var waiting = 0
        /// Whether no loop is without a connection for want of a server.
        package var isAvailable = true

        static func + (a: State, b: State) -> State {
            State(
                connections: a.connections + b.connections,
                busy: a.busy + b.busy,
                batches: a.batches + b.batches,
                waiting: a.waiting + b.waiting,
                isAvailable: a.isAvailable && b.isAvailable
            )
        }
    }
}
