import SQLite
import Sound
import Telemetry

/// What clients have used.
extension SQLiteLedger {
    package func usage(_ query: UsageQuery) async throws(LedgerError) -> [UsageLine]? {
        try await read { try UsageRows.lines(query, atMost: UsageQuery.mostLines, on: $0) }
    }

    /// Enters the usage of tasks that were stored before it was counted, some at a time.
    ///
    /// Each step is whole: where the process dies, the next one goes on.
    func enterUsageOfBefore() async throws {
        var count = 0
        while true {
            let entered = try await database.write { connection in
                let ids = try connection.query(
                    "SELECT id FROM tasks WHERE usage IS NULL ORDER BY id LIMIT 1000"
                ) { $0.text(0) }
                for id in ids { try enterUsage(of: id, on: connection) }
                return ids.count
            }
            if entered == 0 { break }
            count += entered
        }
        guard count > 0 else { return }
        log(.notice, "the usage of earlier tasks has been counted", ["tasks": .init(count)])
    }

    private func enterUsage(of id: String, on connection: Connection) throws {
        do {
            guard let record = try Rows.task(id, on: connection) else { return }
            try UsageRows.settle(record.usage, of: record, on: connection)
        } catch let error as LedgerError {
            log(.error, "a stored task cannot be read", ["task": "\(id)", "reason": "\(error)"])
            // It counts for nothing, and is not looked at again.
            _ = try connection.run("UPDATE tasks SET usage = '[]' WHERE id = ?", [.text(id)])
        }
    }
}
