import Postgres
import Synchronization

/// Running statements, and what became of them in the ledger's words.
extension PostgresLedger {
    /// How often a transaction is run again that the database undid for the sake of another one.
    static let tries = 5

    /// Runs a change as one transaction in one round trip; counted and measured.
    ///
    /// It runs to its end whatever becomes of the caller's task: what was sent cannot be taken back, and what has happened
    /// must be stored although nobody waits for it any more.
    func change(_ statements: [PostgresStatement]) async throws(PostgresError) -> [PostgresResult] {
        let began = ContinuousClock.now
        do throws(PostgresError) {
            let results = try await run(statements, isCancellable: false)
            noteChange(since: began, isCommitted: true)
            return results
        } catch {
            noteChange(since: began, isCommitted: false)
            throw error
        }
    }

    private func noteChange(since began: ContinuousClock.Instant, isCommitted: Bool) {
        if !isCommitted { state.failedChanges.wrappingAdd(1, ordering: .relaxed) }
        options.written?(ContinuousClock.now - began, isCommitted)
    }

    /// As `change`, with the ledger's errors.
    func write(_ statements: [PostgresStatement]) async throws(LedgerError) -> [PostgresResult] {
        try requireOpen()
        do throws(PostgresError) { return try await change(statements) } catch {
            throw Self.ledgerError(error)
        }
    }

    /// Runs statements that change nothing.
    func read(_ statements: [PostgresStatement]) async throws(LedgerError) -> [PostgresResult] {
        try requireOpen()
        do throws(PostgresError) { return try await run(statements, isCancellable: true) } catch {
            throw Self.ledgerError(error)
        }
    }

    private func run(
        _ statements: [PostgresStatement],
        isCancellable: Bool
    ) async throws(PostgresError) -> [PostgresResult] {
        var tries = 1
        while true {
            do throws(PostgresError) {
                return try await pool.run(statements, isCancellable: isCancellable)
            } catch {
                guard error.isRetryable, tries < Self.tries else { throw error }
                tries += 1
            }
        }
    }

    /// Runs a transaction of several round trips, to its end as ``change(_:)`` does, and again as it does.
    ///
    /// Throws what the body throws, or `PostgresError`.
    func transaction<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresTransaction) async throws -> Value
    ) async throws -> Value {
        try requireOpen()
        var tries = 1
        while true {
            let began = ContinuousClock.now
            do {
                let value = try await Task { try await pool.transaction(body) }.value
                noteChange(since: began, isCommitted: true)
                return value
            } catch {
                noteChange(since: began, isCommitted: false)
                guard let error = error as? PostgresError, error.isRetryable, tries < Self.tries else {
                    throw error
                }
                tries += 1
            }
        }
    }

    /// Refuses what comes before the tables are known to be there.
    func requireOpen() throws(LedgerError) {
        guard state.isOpen.load(ordering: .acquiring) else {
            throw .unreachable("the database has not answered yet")
        }
        guard !state.isOutdated.load(ordering: .acquiring) else { throw Self.outdated }
    }

    private static let outdated = LedgerError.unreachable(
        "the tables are of a later version, which alone can go on with them"
    )

    /// An error in the ledger's words; none of them has a value of a row in it.
    static func ledgerError(_ error: any Error) -> LedgerError {
        switch error {
        case let error as LedgerError: return error
        case let error as PostgresError:
            if error.refusal == .leaseLost { return .leaseLost }
            if error.refusal == .newerTables { return outdated }
            if error.isFull { return .full }
            let isNothingStored = (error.isUnavailable || error.isCancelled) && !error.mayHaveCommitted
            return isNothingStored ? .unreachable(error.description) : .unavailable(error.description)
        default: return .unavailable("\(error)")
        }
    }
}

extension PostgresError {
    /// Why one of the ledger's own conditions ended the transaction; `nil` for any other error.
    var refusal: PostgresChanges.Refusal? { sqlState.flatMap(PostgresChanges.Refusal.init(rawValue:)) }
}
