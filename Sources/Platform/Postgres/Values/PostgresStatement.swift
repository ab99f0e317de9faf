/// One statement with its parameters (`$1`, `$2`, …); prepared once per connection, by its text.
///
/// The text decides what type each parameter has, as PostgreSQL infers it; write `$1::bigint` where it could be
/// several. Write SQL with parameters, not with values in it: texts are kept for the life of a connection.
package struct PostgresStatement: Sendable {
    package let sql: String
    package let values: [PostgresValue]

    /// A statement and its values.
    package init(_ sql: String, _ values: [PostgresValue] = []) {
        self.sql = sql
        self.values = values
    }
}

/// A statement in the form in which libpq takes it.
struct EncodedStatement: Sendable {
    let sql: String
    let parameters: ParameterBytes
    /// Whether it is worth a name: a text that is used again.
    let isKept: Bool

    init(_ statement: PostgresStatement, isKept: Bool = true) throws(PostgresError) {
        guard !statement.sql.utf8.contains(0) else { throw PostgresError(.refused, "a statement with NUL") }
        sql = statement.sql
        self.isKept = isKept
        parameters = try ParameterBytes(statement.values)
    }

    /// A statement of our own without values.
    init(plain sql: StaticString, isKept: Bool = true) {
        self.sql = "\(sql)"
        self.isKept = isKept
        parameters = ParameterBytes()
    }
}
