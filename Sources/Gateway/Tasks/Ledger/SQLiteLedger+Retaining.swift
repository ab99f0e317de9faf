import SQLite
package import Sound

extension SQLiteLedger: Retaining {
    package func removeTasks(
        endedBefore moment: Moment,
        untoldBefore patience: Moment,
        limit: Int
    ) async throws(LedgerError) -> Expired {
        try await write { connection in
            var expired = Expired()
            // The columns that are needed and no more: a task that cannot be read whole must go like the others.
            let ids = try connection.query(
                """
                SELECT id FROM tasks
                WHERE ended_at < ?1 AND (ended_at < ?2
                    OR NOT EXISTS (SELECT 1 FROM messages WHERE task = tasks.id AND state = 'pending'))
                ORDER BY ended_at, id LIMIT ?3
                """,
                [
                    .integer(moment.milliseconds), .integer(patience.milliseconds), .integer(Int64(limit)),
                ]
            ) { $0.text(0) }
            var assets: [AssetRecord] = []
            for id in ids {
                assets += try Rows.assets(ofTask: id, on: connection)
                _ = try connection.run("DELETE FROM tasks WHERE id = ?", [.text(id)])
            }
            var seen: Set<String> = []
            expired.tasks = ids.map(TaskID.init(rawValue:))
            expired.orphans = try assets.filter { asset in
                try seen.insert(asset.sha256).inserted && !Rows.refers(to: asset.sha256, on: connection)
            }
            return expired
        }
    }

    package func unreferenced(_ contents: [String]) async throws(LedgerError) -> [String] {
        try await read { connection in
            try contents.filter { try !Rows.refers(to: $0, on: connection) }
        }
    }
}

extension Rows {
    /// Whether any task's output is this content.
    static func refers(to sha256: String, on connection: Connection) throws -> Bool {
        try connection.first("SELECT 1 FROM outputs WHERE sha256 = ? LIMIT 1", [.text(sha256)]) { $0.int(0) }
            != nil
    }

    /// The audio of a task's outputs.
    static func assets(ofTask id: String, on connection: Connection) throws -> [AssetRecord] {
        try connection.query(
            "SELECT sha256, format, bytes, duration FROM outputs WHERE task = ? AND sha256 IS NOT NULL",
            [.text(id)]
        ) { asset($0) }.compactMap(\.self)
    }

    /// Audio from its content, format, bytes and duration; `nil` for a format that nobody knows.
    static func asset(_ row: borrowing some LedgerRow & ~Copyable) -> AssetRecord? {
        SoundFormat(rawValue: row.text(1)).map { format in
            AssetRecord(sha256: row.text(0), format: format, bytes: row.int64(2), duration: row.double(3))
        }
    }
}
