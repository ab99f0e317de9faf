import Postgres
package import Sound

/// Removing what is over. Rows go in small batches, and what belongs to them goes with them: what is kept, and for how
/// long, does not follow from when a task was created, so that there is nothing to drop by the month.
extension PostgresLedger: Retaining {
    package func remove(_ id: TaskID) async throws(LedgerError) -> [AssetRecord] {
        let key = PostgresValue.text(id.rawValue)
        let results = try await write([
            PostgresStatement("SELECT 1 FROM tasks WHERE id = $1 AND ended_at IS NOT NULL FOR UPDATE", [key]),
            PostgresStatement(
                """
                SELECT sha256, format, bytes, duration FROM outputs own
                WHERE task = $1 AND sha256 IS NOT NULL
                    AND EXISTS (SELECT FROM tasks WHERE id = $1 AND ended_at IS NOT NULL)
                    AND NOT EXISTS (SELECT FROM outputs other WHERE other.sha256 = own.sha256 AND other.task <> $1)
                ORDER BY number
                """,
                [key]
            ),
            PostgresStatement("DELETE FROM tasks WHERE id = $1 AND ended_at IS NOT NULL", [key]),
        ])
        return results[1].rows.compactMap { Rows.asset($0) }
    }

    package func removeTasks(
        endedBefore moment: Moment,
        untoldBefore patience: Moment,
        limit: Int
    ) async throws(LedgerError) -> Expired {
        do {
            return try await transaction { transaction in
                // What another replica is removing at this moment is left to it.
                let rows = try await transaction.run([
                    PostgresStatement(
                        """
                        SELECT id FROM tasks
                        WHERE ended_at < $1 AND (ended_at < $2
                            OR NOT EXISTS (SELECT FROM messages WHERE task = tasks.id AND state = 'pending'))
                        ORDER BY ended_at, id LIMIT $3 FOR UPDATE OF tasks SKIP LOCKED
                        """,
                        [
                            .integer(moment.milliseconds), .integer(patience.milliseconds),
                            .integer(Int64(limit)),
                        ]
                    )
                ])[0].rows
                var expired = Expired()
                guard !rows.isEmpty else { return expired }
                let ids = rows.map { $0.text(0) }
                let orphans = try await transaction.run([
                    PostgresStatement(
                        """
                        SELECT DISTINCT ON (sha256) sha256, format, bytes, duration FROM outputs own
                        WHERE task = ANY($1) AND sha256 IS NOT NULL AND NOT EXISTS (
                            SELECT FROM outputs other WHERE other.sha256 = own.sha256 AND other.task <> ALL($1))
                        ORDER BY sha256
                        """,
                        [.texts(ids)]
                    ),
                    PostgresStatement("DELETE FROM tasks WHERE id = ANY($1)", [.texts(ids)]),
                ])[0].rows
                expired.tasks = ids.map(TaskID.init(rawValue:))
                expired.orphans = orphans.compactMap { Rows.asset($0) }
                return expired
            }
        } catch {
            throw Self.ledgerError(error)
        }
    }

    package func unreferenced(_ contents: [String]) async throws(LedgerError) -> [String] {
        guard !contents.isEmpty else { return [] }
        return try await read([
            PostgresStatement(
                """
                SELECT content FROM unnest($1::text[]) WITH ORDINALITY AS asked (content, place)
                WHERE NOT EXISTS (SELECT FROM outputs WHERE sha256 = content) ORDER BY place
                """,
                [.texts(contents)]
            )
        ])[0].rows.map { $0.text(0) }
    }
}
