import CPostgres
import Telemetry

/// What the server reports, an error or a notice, without what may hold values.
///
/// Detail, hint and context hold rows (`Key (id)=(…) already exists`) and are never read. The primary message may hold
/// parameters (`invalid input syntax for type integer: "…"`): it is taken only where it cannot, and our own words for
/// its code elsewhere.
struct ServerReport {
    let severity: String
    let sqlState: String
    private let position: Bool
    private let primary: String
    private let table: String?
    private let column: String?
    private let constraint: String?
    /// The function of the server's sources that reported.
    let source: String?

    init(_ result: ResultMemory) {
        self = unsafe ServerReport(reading: result.pointer)
    }

    /// Reads the fields of a result that is lent.
    init(reading result: OpaquePointer) {
        unsafe severity = Self.text(soundgate_pg_severity(result)) ?? "ERROR"
        unsafe sqlState = Self.text(soundgate_pg_sqlstate(result)) ?? ""
        unsafe position = soundgate_pg_position(result) != nil
        unsafe primary = Self.text(soundgate_pg_message(result)) ?? ""
        unsafe table = Self.text(soundgate_pg_table(result))
        unsafe column = Self.text(soundgate_pg_column(result))
        unsafe constraint = Self.text(soundgate_pg_constraint(result))
        unsafe source = Self.text(soundgate_pg_source(result))
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
        unsafe pointer.map { unsafe String(cString: $0) }
    }

    /// Whether the connection ends with it.
    var isFatal: Bool { severity == "FATAL" || severity == "PANIC" }

    /// Whether a kept statement is of no use any more: it is unknown, or its table has changed.
    var isAboutStaleStatement: Bool {
        sqlState == "26000" || (sqlState == "0A000" && source == "RevalidateCachedQuery")
    }

    /// As the error of a statement.
    ///
    /// A report without a code is libpq's own: the connection broke.
    var error: PostgresError {
        guard !sqlState.isEmpty else {
            return PostgresError(.connectionLost, "the connection to PostgreSQL was lost")
        }
        return PostgresError(
            .server,
            message,
            sqlState: sqlState,
            constraint: constraint,
            table: table,
            column: column
        )
    }

    private var message: String {
        // A mistake that the parser found at a place in the statement's text: it has seen no value yet.
        if sqlState.hasPrefix("42"), position { return primary }
        var text = SQLState.meaning(of: sqlState)
        let names = [("constraint", constraint), ("table", table), ("column", column)]
        let known = names.compactMap { name, value in value.map { "\(name) \($0)" } }
        if !known.isEmpty { text += ": " + known.joined(separator: ", ") }
        return text
    }

    /// As fields of a log line.
    var fields: LogFields {
        ["severity": .string(severity), "sqlstate": .string(sqlState), "notice": .string(notice)]
    }

    /// Notices of `CREATE … IF NOT EXISTS`, of transactions and of the server's life name no values.
    ///
    /// `RAISE` may say anything under any code; it reports from a function of its own.
    private var notice: String {
        let isHarmless = ["25", "42", "57"].contains(sqlState.prefix(2))
        return isHarmless && source != "exec_stmt_raise" ? primary : SQLState.meaning(of: sqlState)
    }
}
