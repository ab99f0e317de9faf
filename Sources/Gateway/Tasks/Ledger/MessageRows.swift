import SQLite
import Sound
import Webhooks

/// Between messages and their rows.
enum MessageRows {
    static let voidAllLeases = """
        UPDATE messages SET lease_holder = NULL, lease_until = NULL WHERE lease_holder IS NOT NULL
        """

    /// In the order in which messages are written.
    static let writtenColumns = """
        id, task, number, client, url, type, created_at, body, state, tries, due_at, settled_at, last_error, last_status, \
        host
        """
    /// In the order in which messages are read; where its task came from is the task's.
    static let readColumns: String = {
        let provenance = Rows.provenanceColumns.map {
            "(SELECT \($0) FROM tasks WHERE tasks.id = messages.task)"
        }
        let own = """
            id, task, number, client, url, type, created_at, body, state, tries, due_at, settled_at, last_error, \
            last_status
            """.split(separator: ", ").map { "messages.\($0)" }
        return (own + provenance).joined(separator: ", ")
    }()

    static func values<Value: LedgerValue>(of message: OutboxMessage) -> [Value] {
        [
            .text(message.id), .text(message.task.rawValue), .integer(Int64(message.number)),
            Value(message.client), .text(message.url), .text(message.type),
            .integer(message.createdAt.milliseconds), .blob(message.body), .text(message.state.rawValue),
            .integer(Int64(message.tries)), .integer(message.dueAt.milliseconds),
            Value(message.settledAt?.milliseconds), Value(message.lastError),
            Value(message.lastStatus.map { Int64($0) }), .text(message.host),
        ]
    }

    /// What comes of a try: state, tries, times and the last answer.
    static func outcome<Value: LedgerValue>(of message: OutboxMessage) -> [Value] {
        [
            .text(message.state.rawValue), .integer(Int64(message.tries)),
            .integer(message.dueAt.milliseconds), Value(message.settledAt?.milliseconds),
            Value(message.lastError), Value(message.lastStatus.map { Int64($0) }),
        ]
    }

    /// Stores a message unless it is stored already: what has happened once is told under one id.
    static func add(_ message: OutboxMessage, on connection: Connection) throws {
        _ = try connection.run(
            """
            INSERT INTO messages (\(writtenColumns), is_next)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO NOTHING
            """,
            values(of: message)
        )
        try markNext(of: message.task.rawValue, on: connection)
    }

    /// Marks the first pending message of a task as the next one, and no other.
    static func markNext(of task: String, on connection: Connection) throws {
        // Rows hold whole bodies: only those that change are written.
        _ = try connection.run(
            """
            UPDATE messages SET is_next = 1 - is_next WHERE task = ?1 AND is_next <> (
                number IS (SELECT MIN(number) FROM messages WHERE task = ?1 AND state = 'pending'))
            """,
            [.text(task)]
        )
    }

    static func messages(
        where condition: String,
        _ values: [SQLiteValue],
        on connection: Connection
    ) throws -> [OutboxMessage] {
        try connection.query("SELECT \(readColumns) FROM messages WHERE \(condition)", values) {
            try message($0)
        }
    }

    static func message(_ row: borrowing some LedgerRow & ~Copyable) throws -> OutboxMessage {
        var message = OutboxMessage(
            id: row.text(0),
            task: TaskID(rawValue: row.text(1)),
            number: row.int(2),
            client: row.optionalText(3),
            url: row.text(4),
            type: row.text(5),
            createdAt: Moment(milliseconds: row.int64(6)),
            body: row.blob(7)
        )
        guard let state = OutboxMessage.State(rawValue: row.text(8)) else {
            throw LedgerError.corrupt("the message state \"\(row.text(8))\"")
        }
        message.state = state
        message.tries = row.int(9)
        message.dueAt = Moment(milliseconds: row.int64(10))
        message.settledAt = row.optionalInt64(11).map(Moment.init)
        message.lastError = row.optionalText(12)
        message.lastStatus = row.optionalInt64(13).map { Int($0) }
        message.provenance = Rows.provenance(row, from: 14)
        return message
    }
}
