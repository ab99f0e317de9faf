import Postgres

// What the ledger's rows are made of, as PostgreSQL has it.

extension PostgresRow: LedgerRow {}
extension PostgresValue: LedgerValue {}

extension PostgresValue {
    /// The same value as PostgreSQL can hold it: its text has no NUL, and one that came from outside must not keep a task
    /// from being stored for ever.
    var storable: PostgresValue {
        guard case .text(let text) = self, text.utf8.contains(0) else { return self }
        var storable = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { storable.append(scalar == "\0" ? "\u{FFFD}" : scalar) }
        return .text(String(storable))
    }
}

extension PostgresStatement {
    /// A statement with values that come from outside.
    init(storing values: [PostgresValue], _ sql: String) {
        self.init(sql, values.map(\.storable))
    }
}

/// Parts of statements.
enum SQL {
    /// `$1, $2, …`, so many.
    static func places(_ count: Int, from first: Int = 1) -> String {
        (first..<first + count).map { "$\($0)" }.joined(separator: ", ")
    }

    /// Columns that take over what was to be inserted.
    static func replacing(_ columns: [String]) -> String {
        columns.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    }
}
