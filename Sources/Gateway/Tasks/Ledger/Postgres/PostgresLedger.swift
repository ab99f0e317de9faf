package import EventLoop
package import Postgres
package import Sound
import Synchronization
package import Telemetry
import Threads
package import Timing
package import Webhooks

/// The ledger in a PostgreSQL database that several gateways share.
///
/// Every change is one transaction in one round trip, and everything that it depends on is a condition in it. Leases are
/// measured by the database's clock alone. What a database that is away would have been told is refused as
/// `.unreachable`: nothing of it was stored; only a connection that breaks after the statements were sent leaves open
/// whether they were.
package struct PostgresLedger: Ledger {
    /// How the database is reached.
    package struct Options: Sendable {
        /// As libpq takes it: a URL, or keywords and values.
        package var url: String
        /// Connections of this process, over all loops.
        package var connections = 8
        /// Is told how long each change took, and whether it was stored.
        package var written: (@Sendable (Duration, _ isCommitted: Bool) -> Void)?
        /// Whose time leases are measured by.
        package var clock = Clock.database
        /// What makes its tables.
        package var migrations = postgresMigrations

        /// A database by its address.
        package init(url: String) { self.url = url }
    }

    /// Whose time leases are measured by.
    package enum Clock: Sendable {
        /// The database's, which all replicas share.
        case database
        /// That of the last caller who told one; for tests.
        case callers
    }

    /// What changes while a ledger is in use.
    final class State: Sendable {
        /// Whether the tables are known to be there.
        let isOpen = Atomic(false)
        /// Whether a later version has made tables that this one cannot go on with.
        let isOutdated = Atomic(false)
        let failedChanges = Atomic(0)
        /// The time that was told last, in milliseconds; of use to tests alone.
        let told = Atomic<Int64>(0)
        /// Claims of which it is not known whether they were stored.
        let claims = Guarded<Set<String>>([])
        /// Whose leases are known to have begun: no claim begins one of them again.
        let begun = Guarded<Set<LeaseHolder>>([])
    }

    let pool: PostgresPool
    let options: Options
    let log: Log
    let state = State()

    /// A ledger that is not open yet; connects nothing.
    ///
    /// - Throws: `PostgresError` for an address that cannot be one.
    package init(_ options: Options, loops: [EventLoop], log: Log) throws {
        var pooling = PostgresPool.Options(url: options.url)
        pooling.connectionsPerLoop = max(1, options.connections / max(1, loops.count))
        self.options = options
        self.log = log
        pool = try PostgresPool(pooling, loops: loops, log: log)
    }

    /// Brings the tables up to date; everything else is refused before that.
    ///
    /// Throws `.unreachable` while the database is away, while a ledger is being copied into it and while gateways are at
    /// work that could not go on with the tables of this version; and something else for one that is not to be used.
    package func open() async throws(LedgerError) {
        try await makeTables(beside: "+ (SELECT count(*) FROM copies WHERE NOT is_done)")
        do {
            let copies = try await pool.query("SELECT 1 FROM copies WHERE NOT is_done LIMIT 1")
            guard copies.isEmpty else {
                throw LedgerError.unreachable(
                    "a ledger is being copied into the database, and that is not finished"
                )
            }
        } catch {
            throw Self.ledgerError(error)
        }
        state.isOpen.store(true, ordering: .releasing)
    }

    /// As `open`, also of a database that a copy is made in.
    func openForCopy() async throws(LedgerError) {
        try await makeTables()
        state.isOpen.store(true, ordering: .releasing)
    }

    /// Whoever would be disturbed by other tables has to have stopped: gateways, and what `others` counts besides.
    private func makeTables(beside others: String = "") async throws(LedgerError) {
        do {
            try await pool.migrate(options.migrations, users: users(beside: others))
        } catch let error as PostgresMigrationError {
            // It is to be had as soon as they have stopped.
            guard case .inUse = error else { throw Self.ledgerError(error) }
            throw .unreachable(error.description)
        } catch let error as PostgresError where error.isLockTimeout {
            throw .unreachable("somebody is at work in the table of leases")
        } catch {
            throw Self.ledgerError(error)
        }
    }

    // MARK: Tasks

    package func admit(
        _ record: TaskRecord,
        holder: LeaseHolder,
        answer: FirstAnswer?,
        messages: [OutboxMessage],
        within bounds: ClientBounds
    ) async throws(LedgerError) -> Admission {
        let statements = PostgresChanges.admission(
            record,
            holder: holder,
            answer: answer,
            messages: messages,
            within: bounds
        )
        try requireOpen()
        // Whether an earlier try may have stored it.
        var isAgain = false
        for _ in 0..<5 {
            do throws(PostgresError) {
                _ = try await change(statements)
                return .admitted
            } catch {
                switch error.refusal {
                case .knownKey:
                    // Nothing any more means that the answer's time has just run out.
                    guard let answer, let known = try await firstAnswer(to: answer.key) else { continue }
                    return known.task == record.id ? .admitted : .known(known)
                case .overQuota:
                    // Nothing any more means that something has just been given back.
                    let excesses = try await excesses(of: record, beyond: bounds.quota, since: Charge())
                    if !excesses.isEmpty { throw .overQuota(excesses) }
                case .tooManyTasks:
                    guard let most = bounds.unfinished else { throw Self.ledgerError(error) }
                    throw .tooManyTasks(most)
                case .leaseLost, .newerTables, nil:
                    if isAgain, error.isUniqueViolation("tasks_pkey") { return .admitted }
                    guard error.mayHaveCommitted else {
                        throw isAgain ? .unavailable(error.description) : Self.ledgerError(error)
                    }
                    // The connection broke on the way: the same task again is stored once. Where a server goes, all
                    // connections break, and the next try may take one of which that is not known yet.
                    isAgain = true
                }
            }
        }
        throw .unavailable("a new task could not be stored in several tries")
    }

    package func commit(_ change: TaskChange) async throws(LedgerError) {
        try requireOpen()
        do {
            if !change.limits.isEmpty, let client = change.record.client {
                return try await commit(change, asking: client)
            }
            _ = try await self.change(PostgresChanges.commit(change))
        } catch {
            // Nobody's change is never another one's: then the task is not there.
            let isGone = change.holder == nil && (error as? PostgresError)?.refusal == .leaseLost
            throw isGone ? .unavailable("the task is not there") : Self.ledgerError(error)
        }
    }

    /// A change that may ask for more than there was: what it asks is known when the task has been read.
    private func commit(_ change: TaskChange, asking client: String) async throws {
        let record = change.record
        try await transaction { transaction in
            let charge = try await transaction.run([
                QuotaQuestion.lock(client),
                PostgresStatement(
                    "SELECT charge FROM tasks WHERE id = $1 FOR NO KEY UPDATE",
                    [.text(record.id.rawValue)]
                ),
            ])[1].rows.first?.text(0)
            if let charge {
                let growth = record.charge.change(since: try TallyRows.decode(charge))
                if let question = QuotaQuestion(growth, of: record, within: change.limits) {
                    let rows = try await transaction.run([question.excesses])[0].rows
                    let excesses = question.excesses(rows)
                    if !excesses.isEmpty { throw LedgerError.overQuota(excesses) }
                }
            }
            _ = try await transaction.run(PostgresChanges.commit(change))
        }
    }

    private func excesses(of record: TaskRecord, beyond limits: [Quota.Limit], since before: Charge)
        async throws(LedgerError) -> [QuotaExcess]
    {
        let growth = record.charge.change(since: before)
        guard let question = QuotaQuestion(growth, of: record, within: limits) else { return [] }
        return question.excesses(try await read([question.excesses])[0].rows)
    }

    // MARK: Keys

    package func firstAnswer(to key: IdempotencyKey, now: Moment) async throws(LedgerError) -> FirstAnswer? {
        let answer = try await firstAnswer(to: key)
        return answer.flatMap { now < $0.createdAt.advanced(by: FirstAnswer.keptFor) ? $0 : nil }
    }

    private func firstAnswer(to key: IdempotencyKey) async throws(LedgerError) -> FirstAnswer? {
        try await read([
            PostgresStatement(
                "SELECT fingerprint, task, status, body, created_at FROM first_answers WHERE client = $1 AND key = $2",
                [.text(key.client ?? ""), .text(key.value)]
            )
        ])[0].rows.first.map { Rows.firstAnswer(to: key, $0) }
    }

    package func revise(_ answer: FirstAnswer) async throws(LedgerError) {
        _ = try await write([
            PostgresStatement(
                "UPDATE first_answers SET status = $1, body = $2 WHERE client = $3 AND key = $4 AND task = $5",
                [
                    .integer(Int64(answer.status)), .blob(answer.body), .text(answer.key.client ?? ""),
                    .text(answer.key.value), .text(answer.task.rawValue),
                ]
            )
        ])
    }

    // MARK: Counts

    package func tallies(of client: String, since day: CalendarDay) async throws(LedgerError) -> [Tally] {
        try await read([
            PostgresStatement(
                """
                SELECT day, provider, unit, SUM(amount)::bigint FROM tallies WHERE client = $1 AND day >= $2
                GROUP BY day, provider, unit ORDER BY day, provider, unit
                """,
                [.text(client), .integer(day.number)]
            )
        ])[0].rows.map { TallyRows.tally($0) }
    }

    package func checkWritable() async throws(LedgerError) {
        _ = try await write([PostgresStatement("UPDATE probes SET count = count + 1 WHERE id = 1")])
    }

    package func close() async {
        state.isOpen.store(false, ordering: .releasing)
        await pool.close()
    }
}
