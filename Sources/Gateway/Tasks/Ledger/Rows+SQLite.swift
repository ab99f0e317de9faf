import SQLite
import Sound

extension Rows {
    static let insertTask: String = {
        let columns = taskColumns + ["lease_holder", "charge", "usage"]
        return "INSERT INTO tasks (\(list(columns))) VALUES (\(marks(columns)))"
    }()
    static let updateTask = """
        UPDATE tasks SET \(changingColumns.map { "\($0) = ?" }.joined(separator: ", "))
            WHERE id = ?11 AND (?12 IS NULL OR lease_holder IS NULL OR lease_holder = ?12)
        """
    static let putAttempt = put("attempts", ["task"] + attemptColumns)
    static let putOutput = put("outputs", ["task"] + outputColumns)
    static let insertFirstAnswer =
        "INSERT INTO first_answers (\(list(answerColumns))) VALUES (\(marks(answerColumns)))"

    private static func put(_ table: String, _ columns: [String]) -> String {
        "INSERT OR REPLACE INTO \(table) (\(list(columns))) VALUES (\(marks(columns)))"
    }

    static func list(_ columns: [String]) -> String { columns.joined(separator: ", ") }
    private static func marks(_ columns: [String]) -> String { list(columns.map { _ in "?" }) }

    static func isThere(_ id: TaskID, on connection: Connection) throws -> Bool {
        try connection.first("SELECT 1 FROM tasks WHERE id = ?", [.text(id.rawValue)]) { $0.int(0) } != nil
    }

    static func firstAnswer(to key: IdempotencyKey, on connection: Connection) throws -> FirstAnswer? {
        try connection.first(
            "SELECT fingerprint, task, status, body, created_at FROM first_answers WHERE client = ? AND key = ?",
            [.text(key.client ?? ""), .text(key.value)]
        ) { firstAnswer(to: key, $0) }
    }

    private static let selectTask = "SELECT \(readColumns) FROM tasks WHERE id = ?"
    private static let selectAttempts =
        "SELECT \(list(attemptColumns)) FROM attempts WHERE task = ? ORDER BY number"
    private static let selectOutputs =
        "SELECT \(list(outputColumns)) FROM outputs WHERE task = ? ORDER BY number"

    static func task(_ id: String, on connection: Connection) throws -> TaskRecord? {
        let key = [SQLiteValue.text(id)]
        let found = try connection.query(selectTask, key) { row in try task(id, row) }
        guard var record = found.first else { return nil }
        record.attempts = try connection.query(selectAttempts, key) { try attempt($0) }
        record.outputs = try connection.query(selectOutputs, key) { try output($0) }
        return record
    }
}
