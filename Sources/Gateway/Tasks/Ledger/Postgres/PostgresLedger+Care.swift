import Postgres
import Sound

/// Looking after the ledger while no gateway works with it.
extension PostgresLedger: Caring {
    /// The database looks after its pages itself.
    package func damage() async throws(LedgerError) -> [String] { [] }

    package func counts() async throws(LedgerError) -> (tasks: Int, unfinished: Int) {
        let row = try await read([
            PostgresStatement("SELECT COUNT(*), COUNT(*) FILTER (WHERE ended_at IS NULL) FROM tasks")
        ])[0].rows.first
        return (row?.int(0) ?? 0, row?.int(1) ?? 0)
    }

    package func keptOutputs() async throws(LedgerError) -> [KeptOutput] {
        var outputs: [KeptOutput] = []
        var last = (task: "", number: Int64(-1))
        while true {
            let rows = try await read([
                PostgresStatement(
                    """
                    SELECT sha256, format, bytes, duration, task, number FROM outputs
                    WHERE sha256 IS NOT NULL AND (task, number) > ($1, $2) ORDER BY task, number LIMIT 10000
                    """,
                    [.text(last.task), .integer(last.number)]
                )
            ])[0].rows
            for row in rows {
                guard let asset = Rows.asset(row) else {
                    throw .corrupt("the format \"\(row.text(1))\"")
                }
                last = (row.text(4), row.int64(5))
                outputs.append(
                    KeptOutput(task: TaskID(rawValue: last.task), index: Int(last.number), asset: asset)
                )
            }
            if rows.count < 10000 { return outputs }
        }
    }
}
