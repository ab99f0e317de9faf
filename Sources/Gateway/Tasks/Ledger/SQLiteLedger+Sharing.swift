import SQLite
package import Sound

/// What holders of one ledger ask of each other.
extension SQLiteLedger {
    package func release(_ holder: LeaseHolder) async throws(LedgerError) {
        try await write { connection in
            _ = try connection.run(
                "UPDATE tasks SET lease_holder = NULL WHERE ended_at IS NULL AND lease_holder = ?",
                [.text(holder.name)]
            )
            _ = try connection.run("DELETE FROM holders WHERE name = ?", [.text(holder.name)])
        }
    }

    package func holder(of id: TaskID) async throws(LedgerError) -> LeaseHolder? {
        try await read { connection in
            try connection.first(
                """
                SELECT lease_holder FROM tasks
                WHERE id = ? AND ended_at IS NULL AND lease_holder IN (SELECT name FROM holders)
                """,
                [.text(id.rawValue)]
            ) { LeaseHolder(name: $0.text(0)) }
        }
    }

    package func requestCancel(of id: TaskID) async throws(LedgerError) {
        try await write { connection in
            _ = try connection.run(
                "UPDATE tasks SET cancel_requested = 1 WHERE id = ? AND ended_at IS NULL",
                [.text(id.rawValue)]
            )
        }
    }

    package func cancelsRequested(of holder: LeaseHolder) async throws(LedgerError) -> [TaskID] {
        try await read { connection in
            try connection.query(
                """
                SELECT id FROM tasks
                WHERE cancel_requested = 1 AND ended_at IS NULL AND lease_holder = ? ORDER BY id
                """,
                [.text(holder.name)]
            ) { TaskID(rawValue: $0.text(0)) }
        }
    }

    package func addressee(of callback: CallbackAddress) async throws(LedgerError) -> (
        task: TaskID, attempt: Int
    )? {
        let (column, name) =
            callback.token.map { ("callback_token", $0) } ?? ("provider_task_id", callback.job ?? "")
        return try await read { connection in
            try connection.first(
                """
                SELECT task, number FROM attempts
                WHERE \(column) = ? AND provider = ?
                    AND EXISTS (SELECT 1 FROM tasks WHERE id = attempts.task AND ended_at IS NULL)
                ORDER BY task, number LIMIT 1
                """,
                [.text(name), .text(callback.provider)]
            ) { (TaskID(rawValue: $0.text(0)), $0.int(1)) }
        }
    }
}
