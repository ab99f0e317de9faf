/// A transaction of several round trips, on a connection of its own.
///
/// Valid until the closure that it is lent to returns. It begins with its first statement; once a statement has failed,
/// all later ones do.
package final class PostgresTransaction: Sendable {
    private let loan: Loan
    private let pool: LoopPool

    init(_ loan: Loan, _ pool: LoopPool) {
        self.loan = loan
        self.pool = pool
    }

    /// Runs statements in one round trip.
    ///
    /// - Returns: What each statement came to, in their order.
    @discardableResult
    package func run(_ statements: [PostgresStatement]) async throws(PostgresError) -> [PostgresResult] {
        guard !statements.isEmpty else { return [] }
        let results = try await pool.run(Batch(statements, .part), on: loan, isCancellable: true).get()
        // `BEGIN` went before the first ones.
        return Array(results.suffix(statements.count))
    }

    /// Runs one statement and returns its rows.
    package func query(_ sql: String, _ values: [PostgresValue] = []) async throws(PostgresError)
        -> [PostgresRow]
    {
        try await run([PostgresStatement(sql, values)]).first?.rows ?? []
    }

    /// Runs a text of several statements without parameters.
    ///
    /// Nothing limits its time but the server.
    func runScript(_ text: String) async throws(PostgresError) {
        guard !text.utf8.contains(0) else { throw PostgresError(.refused, "a script with NUL") }
        // The transaction begins here where no statement was before.
        try await run([PostgresStatement("SELECT 1")])
        _ = try await pool.run(Batch(.script(text), .part, isBounded: false), on: loan, isCancellable: true)
            .get()
    }

    // MARK: Its end

    /// Makes it last; nothing happens where no statement was run.
    func commit() async throws(PostgresError) {
        guard await pool.hasBegun(loan) else { return await pool.takeBack(loan) }
        let commit = Batch(.statements([EncodedStatement(plain: "COMMIT")]), .commit)
        let results = try await pool.run(commit, on: loan, isCancellable: false).get()
        // A transaction in which a statement has failed answers its COMMIT with ROLLBACK, and calls that a success.
        guard results.last?.tag == "COMMIT" else {
            throw PostgresError(.server, "the transaction had failed and was rolled back", sqlState: "25P02")
        }
        await pool.takeBack(loan)
    }

    /// Undoes it and gives the connection back; nothing happens when that is done already.
    func rollBack() async {
        if await pool.hasBegun(loan) {
            let rollback = Batch(.statements([EncodedStatement(plain: "ROLLBACK")]), .part)
            // Where this fails the connection is gone, or is closed when it is taken back.
            _ = await pool.run(rollback, on: loan, isCancellable: false)
        }
        await pool.takeBack(loan)
    }
}
