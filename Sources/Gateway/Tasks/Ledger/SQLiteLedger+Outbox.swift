import SQLite
package import Sound
package import Webhooks

/// The messages that were stored with the tasks' changes, on their way out.
extension SQLiteLedger: Outbox {
    package func claimMessages(
        _ limit: Int,
        for holder: String,
        until: Moment,
        now: Moment,
        except hosts: Set<String>
    ) async throws -> [OutboxMessage] {
        try await write { connection in
            _ = try connection.run(
                "UPDATE messages SET lease_holder = NULL, lease_until = NULL WHERE lease_holder IS NOT NULL AND lease_until <= ?",
                [.integer(now.milliseconds)]
            )
            var due: [(place: Int64, dueAt: Int64)] = []
            for host in try Self.waitingHosts(on: connection) where !hosts.contains(host) {
                due += try connection.query(
                    """
                    SELECT place, due_at FROM messages
                    WHERE is_next = 1 AND lease_holder IS NULL AND host = ? AND due_at <= ?
                    ORDER BY due_at, place LIMIT ?
                    """,
                    [.text(host), .integer(now.milliseconds), .integer(Int64(limit))]
                ) { ($0.int64(0), $0.int64(1)) }
            }
            due.sort { ($0.dueAt, $0.place) < ($1.dueAt, $1.place) }
            return try due.prefix(limit).flatMap { item in
                _ = try connection.run(
                    "UPDATE messages SET lease_holder = ?, lease_until = ? WHERE place = ?",
                    [.text(holder), .integer(until.milliseconds), .integer(item.place)]
                )
                return try MessageRows.messages(where: "place = ?", [.integer(item.place)], on: connection)
            }
        }
    }

    /// The hosts that messages wait for, found by leaps through the index: it costs by the hosts, not by the messages.
    private static func waitingHosts(on connection: Connection) throws -> [String] {
        var hosts: [String] = []
        while let host = try connection.first(
            """
            SELECT host FROM messages WHERE is_next = 1 AND lease_holder IS NULL AND host > ?
            ORDER BY host LIMIT 1
            """,
            [.text(hosts.last ?? "")],
            { $0.text(0) }
        ) {
            hosts.append(host)
        }
        return hosts
    }

    package func nextMessageDue(except hosts: Set<String>) async throws -> Moment? {
        try await read { connection in
            var next: [Int64] = []
            for host in try Self.waitingHosts(on: connection) where !hosts.contains(host) {
                next += try connection.query(
                    """
                    SELECT due_at FROM messages WHERE is_next = 1 AND lease_holder IS NULL AND host = ?
                    ORDER BY due_at LIMIT 1
                    """,
                    [.text(host)]
                ) { $0.int64(0) }
            }
            // Few are under way at a time.
            next += try connection.query(
                "SELECT lease_until, host FROM messages WHERE lease_holder IS NOT NULL ORDER BY lease_until",
                []
            ) { (until: $0.int64(0), host: $0.text(1)) }.filter { !hosts.contains($0.host) }.map(\.until)
            return next.min().map(Moment.init)
        }
    }

    package func settleMessage(_ message: OutboxMessage, for holder: String) async throws -> Bool {
        try await write { connection in
            let changed = try connection.run(
                """
                UPDATE messages SET state = ?, tries = ?, due_at = ?, settled_at = ?, last_error = ?, last_status = ?,
                    lease_holder = NULL, lease_until = NULL
                WHERE id = ? AND lease_holder = ?
                """,
                MessageRows.outcome(of: message) + [.text(message.id), .text(holder)]
            )
            if changed > 0 { try MessageRows.markNext(of: message.task.rawValue, on: connection) }
            return changed > 0
        }
    }

    package func message(_ id: String) async throws -> OutboxMessage? {
        try await read { try MessageRows.messages(where: "id = ?", [.text(id)], on: $0).first }
    }

    package func messages(_ query: OutboxQuery) async throws -> [OutboxMessage] {
        var conditions = ["1"]
        var values: [SQLiteValue] = []
        func require(_ condition: String, _ value: SQLiteValue) {
            conditions.append(condition)
            values.append(value)
        }
        if let state = query.state {
            require("state = ?", .text(state.rawValue))
            // What is delivered is most of all there is: the others are found by an index of their own.
            if state != .delivered { conditions.append("state <> 'delivered'") }
        }
        if let task = query.task { require("task = ?", .text(task.rawValue)) }
        if let client = query.client { require("client IS ?", SQLiteValue(client)) }
        if let before = query.before {
            require("place < (SELECT place FROM messages WHERE id = ?)", .text(before))
        }
        let condition = conditions.joined(separator: " AND ") + " ORDER BY place DESC LIMIT ?"
        let bound = values + [.integer(Int64(query.limit))]
        return try await read { try MessageRows.messages(where: condition, bound, on: $0) }
    }

    package func resendMessage(_ id: String, now: Moment) async throws -> OutboxMessage? {
        try await write { connection in
            _ = try connection.run(
                """
                UPDATE messages SET state = 'pending', tries = 0, due_at = ?, settled_at = NULL
                WHERE id = ? AND state <> 'pending'
                """,
                [.integer(now.milliseconds), .text(id)]
            )
            _ = try connection.run(
                "UPDATE messages SET due_at = ?1 WHERE id = ?2 AND state = 'pending' AND due_at > ?1 AND lease_holder IS NULL",
                [.integer(now.milliseconds), .text(id)]
            )
            let message = try MessageRows.messages(where: "id = ?", [.text(id)], on: connection).first
            if let message { try MessageRows.markNext(of: message.task.rawValue, on: connection) }
            return message
        }
    }
}
