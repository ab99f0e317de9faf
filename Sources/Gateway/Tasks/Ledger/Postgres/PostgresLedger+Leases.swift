import Crypto
import Postgres
package import Sound
import Synchronization
import Telemetry
import Threads

/// Who works on what.
///
/// Tasks are taken from holders whose row is gone, never from others: whoever takes them has deleted the row itself, or
/// sees that it was. So a holder is a holder until somebody has ended its lease for good, by the database's clock.
extension PostgresLedger {
    /// The present in milliseconds, as an expression of SQL.
    private var clock: String {
        switch options.clock {
        case .database: "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        case .callers: "\(state.told.load(ordering: .relaxed))::bigint"
        }
    }

    package func claim(
        _ limit: Int,
        for holder: LeaseHolder,
        term: Duration,
        now: Moment
    ) async throws(LedgerError) -> [TaskRecord] {
        state.told.store(now.milliseconds, ordering: .relaxed)
        // A batch of which nothing can be read is not the end of the work.
        while true {
            let (claimed, records) = try await claimBatch(limit, for: holder, term: term)
            if claimed == 0 || !records.isEmpty { return records }
        }
    }

    private func claimBatch(
        _ limit: Int,
        for holder: LeaseHolder,
        term: Duration
    ) async throws(LedgerError) -> (claimed: Int, records: [TaskRecord]) {
        let claim = Hex.encode(randomBytes(8))
        // What was claimed while a connection broke may be this holder's, and nobody else would ever take it up.
        let unsettled = state.claims.withLock { $0 }
        let name = PostgresValue.text(holder.name)
        let hasBegun = state.begun.withLock { $0.contains(holder) }
        let statements = [
            hasBegun ? keepLease(of: name, term) : beginLease(of: name, term),
            PostgresStatement(endLeases, [name]),
            PostgresStatement(takeTasks, [name, .integer(Int64(limit)), .text(claim)]),
            PostgresStatement(Self.takenBefore, [name, .texts(unsettled.sorted())]),
        ]
        do {
            let taken = try await transaction { transaction in
                let results = try await transaction.run(statements)
                let rows = results[2].rows + results[3].rows
                let records = try await records(of: rows, in: transaction)
                // The jobs of what was just taken are the claimer's from now on, and no place of theirs is free between.
                let taken = PostgresValue.texts(records.map(\.id.rawValue))
                if !records.isEmpty {
                    try await transaction.run(
                        PostgresKeyLimits.takeOver.map { PostgresStatement($0, [name, taken]) }
                    )
                }
                return (rows.count, records)
            }
            state.claims.withLock { $0.subtract(unsettled) }
            state.begun.withLock { _ = $0.insert(holder) }
            return taken
        } catch {
            if (error as? PostgresError)?.refusal == .newerTables {
                state.isOutdated.store(true, ordering: .releasing)
            }
            if let error = error as? PostgresError, error.mayHaveCommitted {
                state.claims.withLock { _ = $0.insert(claim) }
            }
            throw Self.ledgerError(error)
        }
    }

    /// It may be there already where the answer to an earlier try was lost.
    ///
    /// The tables may have become those of a later version since this process has opened them.
    private func beginLease(of name: PostgresValue, _ term: Duration) -> PostgresStatement {
        PostgresStatement(
            """
            WITH begun AS (
                INSERT INTO holders (name, lease_until) VALUES ($1, \(clock) + $2)
                ON CONFLICT (name) DO UPDATE SET lease_until = excluded.lease_until
            )
            SELECT CASE WHEN EXISTS (
                SELECT FROM schema_migrations WHERE NOT is_compatible AND name <> ALL($3::text[])
            ) THEN soundgate_refuse('\(PostgresChanges.Refusal.newerTables.rawValue)') END
            """,
            [name, .integer(term.wholeMilliseconds), .texts(options.migrations.map(\.name))]
        )
    }

    private func keepLease(of name: PostgresValue, _ term: Duration) -> PostgresStatement {
        PostgresStatement(
            """
            WITH kept AS (UPDATE holders SET lease_until = \(clock) + $2 WHERE name = $1 RETURNING 1)
            SELECT CASE WHEN NOT EXISTS (SELECT FROM kept)
                THEN soundgate_refuse('\(PostgresChanges.Refusal.leaseLost.rawValue)') END
            """,
            [name, .integer(term.wholeMilliseconds)]
        )
    }

    /// The gateways at work, and what is counted besides.
    ///
    /// Whose lease has run out has lost it for good, as by any claim. Renewals wait behind who waits for the lock, and
    /// must not wait until leases run out by that.
    func users(beside others: String) -> PostgresUsers {
        PostgresUsers(
            count: PostgresStatement(
                "SELECT (SELECT count(*) FROM holders WHERE lease_until >= \(clock)) \(others)"
            ),
            fence: [
                PostgresStatement("SET LOCAL lock_timeout = '2s'"),
                PostgresStatement("LOCK TABLE holders IN SHARE ROW EXCLUSIVE MODE"),
                PostgresStatement("SET LOCAL lock_timeout = 0"),
                PostgresStatement("DELETE FROM holders WHERE lease_until < \(clock)"),
            ]
        )
    }

    /// One that somebody else is ending at this moment is that one's.
    private var endLeases: String {
        """
        DELETE FROM holders WHERE name IN (
            SELECT name FROM holders WHERE lease_until < \(clock) AND name <> $1
            ORDER BY name FOR UPDATE SKIP LOCKED)
        """
    }

    /// Takes tasks of holders whose row is gone.
    ///
    /// The holders of unfinished tasks are found by leaps through the index: it costs by the holders and by what is taken,
    /// not by the tasks. Only then is anything locked: tasks of the living are not touched.
    private var takeTasks: String {
        """
        WITH RECURSIVE names AS (
            (SELECT lease_holder AS name FROM tasks WHERE ended_at IS NULL ORDER BY lease_holder LIMIT 1)
            UNION ALL
            SELECT (SELECT lease_holder FROM tasks WHERE ended_at IS NULL AND lease_holder > names.name
                ORDER BY lease_holder LIMIT 1)
            FROM names WHERE names.name IS NOT NULL
        ), gone AS MATERIALIZED (
            SELECT name FROM names
            WHERE name IS NOT NULL AND NOT EXISTS (SELECT FROM holders WHERE holders.name = names.name)
        ), free AS (
            SELECT taken.id FROM gone CROSS JOIN LATERAL (
                SELECT id FROM tasks WHERE ended_at IS NULL AND lease_holder = gone.name
                ORDER BY lease_holder, id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
            ) taken ORDER BY taken.id LIMIT $2
        )
        UPDATE tasks SET lease_holder = $1, claim = $3 FROM free WHERE tasks.id = free.id
        RETURNING \(Self.readColumns)
        """
    }

    private static let takenBefore = """
        SELECT \(readColumns) FROM tasks WHERE ended_at IS NULL AND lease_holder = $1 AND claim = ANY($2)
        """

    package func renew(_ holder: LeaseHolder, term: Duration, now: Moment) async throws(LedgerError) {
        state.told.store(now.milliseconds, ordering: .relaxed)
        let results = try await write([
            PostgresStatement(
                "UPDATE holders SET lease_until = \(clock) + $2 WHERE name = $1",
                [.text(holder.name), .integer(term.wholeMilliseconds)]
            )
        ])
        if results[0].count == 0 { throw .leaseLost }
        await forgetOldAnswers(now)
    }

    /// Removes answers whose time is over, now and then: a create does not wait for that.
    private func forgetOldAnswers(_ now: Moment) async {
        let expired = now.advanced(by: .zero - FirstAnswer.keptFor)
        do throws(LedgerError) {
            var count = 0
            repeat {
                count = try await write([
                    PostgresStatement(
                        """
                        DELETE FROM first_answers WHERE (client, key) IN (
                            SELECT client, key FROM first_answers WHERE created_at < $1
                            ORDER BY created_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
                        """,
                        [.integer(expired.milliseconds)]
                    )
                ])[0].count
            } while count == 1000
        } catch {
            log(.warning, "old answers could not be removed", ["reason": "\(error)"])
        }
    }

    package func release(_ holder: LeaseHolder) async throws(LedgerError) {
        _ = try await write([
            PostgresStatement("DELETE FROM holders WHERE name = $1", [.text(holder.name)])
        ])
    }

    package func holder(of id: TaskID) async throws(LedgerError) -> LeaseHolder? {
        try await read([
            PostgresStatement(
                """
                SELECT name FROM tasks JOIN holders ON name = lease_holder
                WHERE id = $1 AND ended_at IS NULL AND lease_until >= \(clock)
                """,
                [.text(id.rawValue)]
            )
        ])[0].rows.first.map { LeaseHolder(name: $0.text(0)) }
    }

    /// Whether anybody works with this ledger.
    package func isInUse() async throws(LedgerError) -> Bool {
        try await read([
            PostgresStatement("SELECT 1 FROM holders WHERE lease_until >= \(clock) LIMIT 1")
        ])[0].rows.isEmpty == false
    }

    // MARK: What others ask

    package func requestCancel(of id: TaskID) async throws(LedgerError) {
        _ = try await write([
            PostgresStatement(
                "UPDATE tasks SET cancel_requested = true WHERE id = $1 AND ended_at IS NULL AND NOT cancel_requested",
                [.text(id.rawValue)]
            )
        ])
    }

    package func cancelsRequested(of holder: LeaseHolder) async throws(LedgerError) -> [TaskID] {
        try await read([
            PostgresStatement(
                """
                SELECT id FROM tasks WHERE cancel_requested AND ended_at IS NULL AND lease_holder = $1
                ORDER BY lease_holder, id
                """,
                [.text(holder.name)]
            )
        ])[0].rows.map { TaskID(rawValue: $0.text(0)) }
    }

    package func addressee(of callback: CallbackAddress) async throws(LedgerError) -> (
        task: TaskID, attempt: Int
    )? {
        let (column, name) =
            callback.token.map { ("callback_token", $0) } ?? ("provider_task_id", callback.job ?? "")
        return try await read([
            PostgresStatement(
                """
                SELECT task, number FROM attempts
                WHERE \(column) = $1 AND provider = $2 AND attempts.ended_at IS NULL
                    AND EXISTS (SELECT FROM tasks WHERE id = attempts.task AND ended_at IS NULL)
                ORDER BY task, number LIMIT 1
                """,
                [.text(name), .text(callback.provider)]
            )
        ])[0].rows.first.map { (TaskID(rawValue: $0.text(0)), $0.int(1)) }
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
