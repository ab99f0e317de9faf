import Postgres
package import Sound
package import Webhooks

/// The messages that were stored with the tasks' changes, on their way out.
///
/// A task's messages are changed under the lock of the task's row, by whoever tells of it and by whoever has told it: the
/// mark of the next one is always right.
extension PostgresLedger: Outbox {
    /// The hosts that messages wait for, found by leaps through the index: it costs by the hosts, not by the messages.
    private static let hosts = """
        hosts AS (
            (SELECT host FROM messages WHERE is_next AND lease_holder IS NULL ORDER BY host LIMIT 1)
            UNION ALL
            SELECT (SELECT waiting.host FROM messages waiting
                WHERE waiting.is_next AND waiting.lease_holder IS NULL AND waiting.host > hosts.host
                ORDER BY waiting.host LIMIT 1)
            FROM hosts WHERE hosts.host IS NOT NULL
        )
        """

    package func claimMessages(
        _ limit: Int,
        for holder: String,
        until: Moment,
        now: Moment,
        except hosts: Set<String>
    ) async throws -> [OutboxMessage] {
        let results = try await write([
            PostgresStatement(
                """
                UPDATE messages SET lease_holder = NULL, lease_until = NULL WHERE place IN (
                    SELECT place FROM messages WHERE lease_holder IS NOT NULL AND lease_until <= $1
                    ORDER BY lease_until FOR UPDATE SKIP LOCKED)
                """,
                [.integer(now.milliseconds)]
            ),
            PostgresStatement(
                Self.takeMessages,
                [
                    .text(holder), .integer(until.milliseconds), .integer(now.milliseconds),
                    .integer(Int64(limit)), .texts(hosts.sorted()),
                ]
            ),
        ])
        let place = MessageRows.readColumns.split(separator: ", ").count
        return try results[1].rows
            .sorted { ($0.int64(10), $0.int64(place)) < ($1.int64(10), $1.int64(place)) }
            .map { try MessageRows.message($0) }
    }

    private static let takeMessages = """
        WITH RECURSIVE \(hosts), due AS (
            SELECT taken.place FROM hosts CROSS JOIN LATERAL (
                SELECT place, due_at FROM messages
                WHERE is_next AND lease_holder IS NULL AND messages.host = hosts.host AND due_at <= $3
                ORDER BY messages.host, due_at, place LIMIT $4 FOR UPDATE SKIP LOCKED
            ) taken
            WHERE hosts.host IS NOT NULL AND hosts.host <> ALL($5::text[])
            ORDER BY taken.due_at, taken.place LIMIT $4
        )
        UPDATE messages SET lease_holder = $1, lease_until = $2 FROM due WHERE messages.place = due.place
        RETURNING \(MessageRows.readColumns), messages.place
        """

    package func nextMessageDue(except hosts: Set<String>) async throws -> Moment? {
        try await read([
            PostgresStatement(
                """
                WITH RECURSIVE \(Self.hosts)
                SELECT MIN(next) FROM (
                    SELECT (SELECT due_at FROM messages
                        WHERE is_next AND lease_holder IS NULL AND messages.host = hosts.host
                        ORDER BY messages.host, due_at LIMIT 1) AS next
                    FROM hosts WHERE hosts.host IS NOT NULL AND hosts.host <> ALL($1::text[])
                    UNION ALL
                    SELECT lease_until FROM messages WHERE lease_holder IS NOT NULL AND host <> ALL($1::text[])
                ) times
                """,
                [.texts(hosts.sorted())]
            )
        ])[0].rows.first?.optionalInt64(0).map(Moment.init)
    }

    package func settleMessage(_ message: OutboxMessage, for holder: String) async throws -> Bool {
        try await write([
            Self.hold(message.task),
            PostgresStatement(
                storing: MessageRows.outcome(of: message) + [.text(message.id), .text(holder)],
                """
                UPDATE messages SET state = $1, tries = $2, due_at = $3, settled_at = $4, last_error = $5,
                    last_status = $6, lease_holder = NULL, lease_until = NULL
                WHERE id = $7 AND lease_holder = $8
                """
            ),
            PostgresChanges.markNext(of: message.task),
        ])[1].count > 0
    }

    private static func hold(_ task: TaskID) -> PostgresStatement {
        PostgresStatement("SELECT 1 FROM tasks WHERE id = $1 FOR NO KEY UPDATE", [.text(task.rawValue)])
    }

    package func message(_ id: String) async throws -> OutboxMessage? {
        try await messages("id = $1", [.text(id)]).first
    }

    package func messages(_ query: OutboxQuery) async throws -> [OutboxMessage] {
        var conditions = ["true"]
        var values: [PostgresValue] = []
        func require(_ condition: String, _ value: PostgresValue) {
            values.append(value)
            conditions.append(condition.replacing("?", with: "$\(values.count)"))
        }
        if let state = query.state {
            require("state = ?", .text(state.rawValue))
            // What is delivered is most of all there is: the others are found by an index of their own.
            if state != .delivered { conditions.append("state <> 'delivered'") }
        }
        if let task = query.task { require("task = ?", .text(task.rawValue)) }
        switch query.client {
        case .none: break
        case .some(let client?): require("client = ?", .text(client))
        case .some(.none): conditions.append("client IS NULL")
        }
        if let before = query.before {
            require("place < (SELECT place FROM messages WHERE id = ?)", .text(before))
        }
        values.append(.integer(Int64(query.limit)))
        return try await messages(
            conditions.joined(separator: " AND ") + " ORDER BY place DESC LIMIT $\(values.count)",
            values
        )
    }

    private func messages(_ condition: String, _ values: [PostgresValue]) async throws -> [OutboxMessage] {
        try await read([
            PostgresStatement(
                storing: values,
                "SELECT \(MessageRows.readColumns) FROM messages WHERE \(condition)"
            )
        ])[0].rows.map { try MessageRows.message($0) }
    }

    package func resendMessage(_ id: String, now: Moment) async throws -> OutboxMessage? {
        guard let task = try await message(id)?.task else { return nil }
        let key = PostgresValue.text(id)
        let moment = PostgresValue.integer(now.milliseconds)
        return try await write([
            Self.hold(task),
            PostgresStatement(
                """
                UPDATE messages SET state = 'pending', tries = 0, due_at = $1, settled_at = NULL
                WHERE id = $2 AND state <> 'pending'
                """,
                [moment, key]
            ),
            PostgresStatement(
                """
                UPDATE messages SET due_at = $1
                WHERE id = $2 AND state = 'pending' AND due_at > $1 AND lease_holder IS NULL
                """,
                [moment, key]
            ),
            PostgresChanges.markNext(of: task),
            PostgresStatement("SELECT \(MessageRows.readColumns) FROM messages WHERE id = $1", [key]),
        ])[4].rows.first.map { try MessageRows.message($0) }
    }
}
