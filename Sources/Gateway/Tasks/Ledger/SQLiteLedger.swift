package import SQLite
package import Sound
package import Telemetry
import Threads
package import Timing
package import Webhooks

/// The ledger in one SQLite file: one process, grouped commits.
package struct SQLiteLedger: Ledger {
    let database: Database
    let log: Log
    /// Whose leases have begun: none of them begins again.
    private let begun = Guarded<Set<LeaseHolder>>([])

    /// Opens or creates the file and brings its tables up to date.
    ///
    /// The database is locked for this process, so leases that a dead process left behind are void.
    ///
    /// - Throws: `DatabaseOpeningError` for a file that is in use, foreign, damaged or of a newer version.
    package init(
        path: String,
        log: Log = .current,
        options: Database.Options = Database.Options()
    ) async throws {
        self.log = log
        database = try Database(path: path, migrations: ledgerMigrations, options: options)
        do {
            try await database.write { connection in
                _ = try connection.run(
                    "UPDATE tasks SET lease_holder = NULL WHERE ended_at IS NULL AND lease_holder IS NOT NULL"
                )
                _ = try connection.run("DELETE FROM holders")
                _ = try connection.run(MessageRows.voidAllLeases)
            }
            try await enterUsageOfBefore()
        } catch {
            await database.close()
            guard let error = error as? SQLiteError else { throw error }
            throw DatabaseOpeningError(path, error)
        }
    }

    /// What the writer has done so far.
    var statistics: WriteStatistics { database.statistics }

    /// Changes that wait for the writer.
    var queuedWrites: Int { database.queuedWrites }

    package func admit(
        _ record: TaskRecord,
        holder: LeaseHolder,
        answer: FirstAnswer?,
        messages: [OutboxMessage],
        within bounds: ClientBounds
    ) async throws(LedgerError) -> Admission {
        let charge = record.client == nil ? Charge() : record.charge
        let usage = record.usage
        let values: [SQLiteValue] =
            Rows.values(of: record)
            + [.text(holder.name), .text(TallyRows.encode(charge)), .text(UsageRows.encode(usage))]
        return try await write { connection in
            if let answer {
                let expired = record.createdAt.advanced(by: .zero - FirstAnswer.keptFor)
                _ = try connection.run(
                    "DELETE FROM first_answers WHERE created_at < ?",
                    [.integer(expired.milliseconds)]
                )
                if let known = try Rows.firstAnswer(to: answer.key, on: connection) { return .known(known) }
                _ = try connection.run(Rows.insertFirstAnswer, Rows.values(of: answer))
            }
            if let client = record.client, let most = bounds.unfinished {
                let count = try connection.first(
                    """
                    SELECT COUNT(*) FROM (SELECT 1 FROM tasks INDEXED BY unfinished_tasks
                        WHERE client = ? AND ended_at IS NULL LIMIT ?)
                    """,
                    [.text(client), .integer(Int64(most))]
                ) { $0.int64(0) }
                if count ?? 0 >= Int64(most) { throw LedgerError.tooManyTasks(most) }
            }
            try TallyRows.enter(charge, of: record, within: bounds.quota, on: connection)
            _ = try connection.run(Rows.insertTask, values)
            try UsageRows.enter(usage, of: record, on: connection)
            for message in messages { try MessageRows.add(message, on: connection) }
            return .admitted
        }
    }

    package func firstAnswer(to key: IdempotencyKey, now: Moment) async throws(LedgerError) -> FirstAnswer? {
        let answer = try await read { try Rows.firstAnswer(to: key, on: $0) }
        return answer.flatMap { now < $0.createdAt.advanced(by: FirstAnswer.keptFor) ? $0 : nil }
    }

    package func revise(_ answer: FirstAnswer) async throws(LedgerError) {
        try await write { connection in
            _ = try connection.run(
                "UPDATE first_answers SET status = ?, body = ? WHERE client = ? AND key = ? AND task = ?",
                [
                    .integer(Int64(answer.status)), .blob(answer.body), .text(answer.key.client ?? ""),
                    .text(answer.key.value), .text(answer.task.rawValue),
                ]
            )
        }
    }

    package func commit(_ change: TaskChange) async throws(LedgerError) {
        let (record, parts, messages) = (change.record, change.parts, change.messages)
        let usage = record.usage
        try await write { connection in
            let id = SQLiteValue.text(record.id.rawValue)
            for index in parts.removedOutputs {
                _ = try connection.run(
                    "DELETE FROM outputs WHERE task = ? AND number = ?",
                    [id, .integer(Int64(index))]
                )
            }
            for attempt in record.attempts where parts.attempts.contains(attempt.number) {
                _ = try connection.run(Rows.putAttempt, [id] + Rows.values(of: attempt))
            }
            for output in record.outputs where parts.outputs.contains(output.index) {
                _ = try connection.run(Rows.putOutput, [id] + Rows.values(of: output))
            }
            let holder = SQLiteValue(change.holder?.name)
            let count = try connection.run(Rows.updateTask, Rows.changingValues(of: record) + [id, holder])
            // A task that is gone is nobody's.
            if count == 0, try Rows.isThere(record.id, on: connection) { throw LedgerError.leaseLost }
            try settle(change, on: connection)
            try UsageRows.settle(usage, of: record, on: connection)
            for message in messages { try MessageRows.add(message, on: connection) }
        }
    }

    /// Brings a task's charge, and its client's tallies with it, up to what the task has become.
    private func settle(_ change: TaskChange, on connection: Connection) throws {
        let record = change.record
        guard record.client != nil, let before = try TallyRows.charge(of: record.id, on: connection) else {
            return
        }
        let charge = record.charge
        guard charge != before else { return }
        let difference = charge.change(since: before)
        try TallyRows.enter(difference, of: record, within: change.limits, on: connection)
        _ = try connection.run(
            "UPDATE tasks SET charge = ? WHERE id = ?",
            [.text(TallyRows.encode(charge)), .text(record.id.rawValue)]
        )
    }

    package func tallies(of client: String, since day: CalendarDay) async throws(LedgerError) -> [Tally] {
        try await read { try TallyRows.tallies(of: client, since: day, on: $0) }
    }

    package func claim(
        _ limit: Int,
        for holder: LeaseHolder,
        term: Duration,
        now: Moment
    ) async throws(LedgerError) -> [TaskRecord] {
        let until = now.advanced(by: term)
        // A batch of which nothing can be read is not the end of the work.
        while true {
            let (claimed, records) = try await claimBatch(limit, for: holder, until: until, now: now)
            if claimed == 0 || !records.isEmpty { return records }
        }
    }

    private func claimBatch(
        _ limit: Int,
        for holder: LeaseHolder,
        until: Moment,
        now: Moment
    ) async throws(LedgerError) -> (claimed: Int, records: [TaskRecord]) {
        let hasBegun = begun.withLock { $0.contains(holder) }
        let claimed = try await write { connection in
            let name = SQLiteValue.text(holder.name)
            _ = try connection.run(
                "DELETE FROM holders WHERE lease_until < ? AND name <> ?",
                [.integer(now.milliseconds), name]
            )
            if hasBegun {
                try prolong(holder, until: until, on: connection)
            } else {
                _ = try connection.run(
                    "INSERT OR REPLACE INTO holders (name, lease_until) VALUES (?, ?)",
                    [name, .integer(until.milliseconds)]
                )
            }
            let ids = try connection.query(
                """
                UPDATE tasks SET lease_holder = ? WHERE id IN (
                    SELECT id FROM tasks
                    WHERE ended_at IS NULL
                        AND (lease_holder IS NULL OR lease_holder NOT IN (SELECT name FROM holders))
                    ORDER BY id LIMIT ?)
                RETURNING id
                """,
                [name, .integer(Int64(limit))]
            ) { $0.text(0) }
            return (ids.count, readable(ids.sorted(), on: connection))
        }
        begun.withLock { _ = $0.insert(holder) }
        return claimed
    }

    package func renew(_ holder: LeaseHolder, term: Duration, now: Moment) async throws(LedgerError) {
        try await write { connection in
            try prolong(holder, until: now.advanced(by: term), on: connection)
        }
    }

    private func prolong(_ holder: LeaseHolder, until: Moment, on connection: Connection) throws {
        let count = try connection.run(
            "UPDATE holders SET lease_until = ? WHERE name = ?",
            [.integer(until.milliseconds), .text(holder.name)]
        )
        if count == 0 { throw LedgerError.leaseLost }
    }

    /// The tasks that can be read; one that cannot is logged and does not hide the others.
    private func readable(_ ids: [String], on connection: Connection) -> [TaskRecord] {
        ids.compactMap { id in
            do {
                return try Rows.task(id, on: connection)
            } catch {
                log(.error, "a stored task cannot be read", ["task": "\(id)", "reason": "\(error)"])
                return nil
            }
        }
    }

    package func task(_ id: TaskID) async throws(LedgerError) -> TaskRecord? {
        try await read { try Rows.task(id.rawValue, on: $0) }
    }

    package func tasks(_ query: TaskQuery) async throws(LedgerError) -> [TaskRecord] {
        var conditions: [String] = []
        var values: [SQLiteValue] = []
        func require(_ condition: String, _ value: SQLiteValue) {
            conditions.append(condition)
            values.append(value)
        }
        if case .client(let client) = query.owner { require("client IS ?", SQLiteValue(client)) }
        if let status = query.status { require("status = ?", .text(status.rawValue)) }
        if let provider = query.provider { require("provider = ?", .text(provider)) }
        if let type = query.type { require("type = ?", .text(type.rawValue)) }
        if let before = query.before { require("id < ?", .text(before.rawValue)) }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let sql = "SELECT id FROM tasks\(filter) ORDER BY id DESC LIMIT ?"
        let bound = values + [.integer(Int64(query.limit))]
        return try await read { connection in
            let ids = try connection.query(sql, bound) { $0.text(0) }
            return readable(ids, on: connection)
        }
    }

    package func remove(_ id: TaskID) async throws(LedgerError) -> [AssetRecord] {
        try await write { connection in
            guard let record = try Rows.task(id.rawValue, on: connection), record.status.hasEnded else {
                return []
            }
            _ = try connection.run("DELETE FROM tasks WHERE id = ?", [.text(id.rawValue)])
            return try record.outputs.compactMap(\.asset).filter { asset in
                try !Rows.refers(to: asset.sha256, on: connection)
            }
        }
    }

    package func refers(to asset: AssetRecord) async throws(LedgerError) -> Bool {
        try await read { try Rows.refers(to: asset.sha256, on: $0) }
    }

    package func checkWritable() async throws(LedgerError) {
        try await write { connection in
            _ = try connection.run("UPDATE probes SET count = count + 1 WHERE id = 1")
        }
    }

    package func close() async { await database.close() }

    // MARK: Errors

    func write<Result: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Result
    ) async throws(LedgerError) -> Result {
        do { return try await database.write(body) } catch { throw Self.ledgerError(error) }
    }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Result
    ) async throws(LedgerError) -> Result {
        do { return try await database.read(body) } catch { throw Self.ledgerError(error) }
    }

    private static func ledgerError(_ error: any Error) -> LedgerError {
        switch error {
        case let error as LedgerError: error
        case let error as SQLiteError where error.isFull: .full
        case let error as SQLiteError where error.isCorrupt: .corrupt(error.message)
        case let error as SQLiteError: .unavailable(error.message)
        default: .unavailable("\(error)")
        }
    }
}
