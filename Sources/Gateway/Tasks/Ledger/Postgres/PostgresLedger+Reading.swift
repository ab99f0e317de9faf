import Postgres
package import Sound
import Telemetry

/// Tasks as they are read.
///
/// A task stands in several tables, and each statement sees what was committed when it began. Every change of a task
/// changes its own row, and with it the version of that row: where it is the same before and after, what lies between
/// belongs together.
extension PostgresLedger {
    /// What a record is made of, its id, and the version of its row; for a table or an alias called `tasks`.
    static let readColumns =
        Rows.readColumns.split(separator: ", ").map { "tasks.\($0)" }.joined(separator: ", ")
        + ", tasks.id, tasks.xmin::text"
    private static let id = 18
    private static let version = 19

    private static let attempts = """
        SELECT \(Rows.list(Rows.attemptColumns)), task FROM attempts WHERE task = ANY($1) ORDER BY task, number
        """
    private static let outputs = """
        SELECT \(Rows.list(Rows.outputColumns)), task FROM outputs WHERE task = ANY($1) ORDER BY task, number
        """

    package func task(_ id: TaskID) async throws(LedgerError) -> TaskRecord? {
        let key = PostgresValue.text(id.rawValue)
        var tries = 1
        while true {
            // A task that changes faster than it is read is held for once.
            let hold = tries > 3 ? " FOR SHARE" : ""
            let ids = PostgresValue.texts([id.rawValue])
            let results = try await read([
                PostgresStatement("SELECT \(Self.readColumns) FROM tasks WHERE id = $1\(hold)", [key]),
                PostgresStatement(Self.attempts, [ids]),
                PostgresStatement(Self.outputs, [ids]),
                PostgresStatement("SELECT xmin::text FROM tasks WHERE id = $1", [key]),
            ])
            guard let row = results[0].rows.first else { return nil }
            if results[3].rows.first?.text(0) == row.text(Self.version) {
                return try Self.record(row, attempts: results[1].rows, outputs: results[2].rows)
            }
            tries += 1
        }
    }

    package func tasks(_ query: TaskQuery) async throws(LedgerError) -> [TaskRecord] {
        var conditions: [String] = []
        var values: [PostgresValue] = []
        func require(_ condition: String, _ value: PostgresValue) {
            values.append(value)
            conditions.append("\(condition) $\(values.count)")
        }
        switch query.owner {
        case .everyone: break
        case .client(let client?): require("client =", .text(client))
        case .client(nil): conditions.append("client IS NULL")
        }
        if let status = query.status { require("status =", .text(status.rawValue)) }
        if let provider = query.provider { require("provider =", .text(provider)) }
        if let type = query.type { require("type =", .text(type.rawValue)) }
        if let before = query.before { require("id <", .text(before.rawValue)) }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        values.append(.integer(Int64(query.limit)))
        let sql = "SELECT \(Self.readColumns) FROM tasks\(filter) ORDER BY id DESC LIMIT $\(values.count)"
        let rows = try await read([PostgresStatement(storing: values, sql)])[0].rows
        guard !rows.isEmpty else { return [] }
        let ids = PostgresValue.texts(rows.map { $0.text(Self.id) })
        let results = try await read([
            PostgresStatement(Self.attempts, [ids]),
            PostgresStatement(Self.outputs, [ids]),
            PostgresStatement("SELECT id, xmin::text FROM tasks WHERE id = ANY($1)", [ids]),
        ])
        let versions = Dictionary(uniqueKeysWithValues: results[2].rows.map { ($0.text(0), $0.text(1)) })
        let attempts = Self.byTask(results[0].rows, Rows.attemptColumns.count)
        let outputs = Self.byTask(results[1].rows, Rows.outputColumns.count)
        var records: [TaskRecord] = []
        for row in rows {
            let id = row.text(Self.id)
            if versions[id] == row.text(Self.version) {
                readable(id, into: &records) { () throws(LedgerError) in
                    try Self.record(row, attempts: attempts[id] ?? [], outputs: outputs[id] ?? [])
                }
            } else {
                // It has changed meanwhile, or is gone; and so it may no longer be what was asked for.
                do throws(LedgerError) {
                    if let record = try await task(TaskID(rawValue: id)), query.covers(record) {
                        records.append(record)
                    }
                } catch {
                    guard case .corrupt = error else { throw error }
                    tellUnreadable(id, error)
                }
            }
        }
        return records
    }

    /// The records of tasks whose rows are locked; one that cannot be read is logged and does not hide the others.
    func records(of rows: [PostgresRow], in transaction: PostgresTransaction) async throws(PostgresError)
        -> [TaskRecord]
    {
        guard !rows.isEmpty else { return [] }
        let ids = PostgresValue.texts(rows.map { $0.text(Self.id) })
        let results = try await transaction.run([
            PostgresStatement(Self.attempts, [ids]), PostgresStatement(Self.outputs, [ids]),
        ])
        let attempts = Self.byTask(results[0].rows, Rows.attemptColumns.count)
        let outputs = Self.byTask(results[1].rows, Rows.outputColumns.count)
        var records: [TaskRecord] = []
        for row in rows.sorted(by: { $0.text(Self.id) < $1.text(Self.id) }) {
            let id = row.text(Self.id)
            readable(id, into: &records) { () throws(LedgerError) in
                try Self.record(row, attempts: attempts[id] ?? [], outputs: outputs[id] ?? [])
            }
        }
        return records
    }

    private func readable(
        _ id: String,
        into records: inout [TaskRecord],
        _ read: () throws(LedgerError) -> TaskRecord
    ) {
        do throws(LedgerError) { records.append(try read()) } catch { tellUnreadable(id, error) }
    }

    private func tellUnreadable(_ id: String, _ error: LedgerError) {
        log(.error, "a stored task cannot be read", ["task": "\(id)", "reason": "\(error)"])
    }

    private static func byTask(_ rows: [PostgresRow], _ column: Int) -> [String: [PostgresRow]] {
        Dictionary(grouping: rows) { $0.text(column) }
    }

    private static func record(_ row: PostgresRow, attempts: [PostgresRow], outputs: [PostgresRow])
        throws(LedgerError) -> TaskRecord
    {
        do {
            var record = try Rows.task(row.text(Self.id), row)
            record.attempts = try attempts.map { try Rows.attempt($0) }
            record.outputs = try outputs.map { try Rows.output($0) }
            return record
        } catch let error as LedgerError {
            throw error
        } catch {
            throw .corrupt("\(error)")
        }
    }

    package func refers(to asset: AssetRecord) async throws(LedgerError) -> Bool {
        try await read([
            PostgresStatement("SELECT 1 FROM outputs WHERE sha256 = $1 LIMIT 1", [.text(asset.sha256)])
        ])[0].rows.isEmpty == false
    }
}

extension TaskQuery {
    /// Whether a task is one of those that are asked for, wherever it stands among them.
    fileprivate func covers(_ record: TaskRecord) -> Bool {
        if case .client(let client) = owner, record.client != client { return false }
        return (status == nil || record.status == status)
            && (provider == nil || record.route?.name.provider == provider)
            && (type == nil || record.request.type == type)
    }
}
