import SQLite
import Sound

/// Looking after the ledger's file while no gateway has it open.
extension SQLiteLedger: Caring {
    /// What SQLite finds wrong with the file; empty when it is sound.
    package func damage() async throws(LedgerError) -> [String] {
        let lines = try await read { try $0.query("PRAGMA integrity_check(20)", []) { $0.text(0) } }
        return lines == ["ok"] ? [] : lines
    }

    /// How many tasks there are, and how many of them have not ended.
    package func counts() async throws(LedgerError) -> (tasks: Int, unfinished: Int) {
        try await read { connection in
            let count = { (filter: String) in
                try connection.first("SELECT COUNT(*) FROM tasks \(filter)", []) { $0.int(0) } ?? 0
            }
            return (try count(""), try count("WHERE ended_at IS NULL"))
        }
    }

    /// Every output that has audio.
    package func keptOutputs() async throws(LedgerError) -> [KeptOutput] {
        try await read { connection in
            try connection.query(
                """
                SELECT task, number, sha256, format, bytes, duration FROM outputs
                WHERE sha256 IS NOT NULL ORDER BY task, number
                """,
                []
            ) { row in
                guard let format = SoundFormat(rawValue: row.text(3)) else {
                    throw LedgerError.corrupt("the format \"\(row.text(3))\"")
                }
                return KeptOutput(
                    task: TaskID(rawValue: row.text(0)),
                    index: row.int(1),
                    asset: AssetRecord(
                        sha256: row.text(2),
                        format: format,
                        bytes: row.int64(4),
                        duration: row.double(5)
                    )
                )
            }
        }
    }
}
