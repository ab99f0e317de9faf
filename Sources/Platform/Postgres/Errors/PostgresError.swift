/// Why a statement, a transaction or a connection failed.
///
/// Its text never holds a value of a row or a parameter, nor anything of the URL: see `ServerReport`.
package struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where the failure lies.
    package enum Kind: Sendable, Equatable {
        /// The server's answer; the code says which.
        case server
        /// There is no connection: none could be made, or none was free in time.
        case noConnection
        /// The connection broke while the server was at work.
        case connectionLost
        /// More calls wait than may.
        case queueFull
        /// The caller's task was cancelled before anything was sent.
        case cancelled
        /// The pool has been closed.
        case closed
        /// The call could not be sent as it is: nothing was.
        case refused
        /// The URL cannot be used.
        case configuration
    }

    package let kind: Kind
    /// The server's five letters; `nil` where it was not the server that spoke.
    package let sqlState: String?
    /// What happened, for a person.
    package let message: String
    /// The constraint that was violated.
    package let constraint: String?
    /// The table that it is about.
    package let table: String?
    /// The column that it is about.
    package let column: String?
    /// Whether the statements may have taken effect although this says otherwise: the connection broke after they were
    /// sent and before the server's answer.
    package let mayHaveCommitted: Bool

    /// An error from its parts.
    init(
        _ kind: Kind,
        _ message: String,
        sqlState: String? = nil,
        constraint: String? = nil,
        table: String? = nil,
        column: String? = nil,
        mayHaveCommitted: Bool = false
    ) {
        self.kind = kind
        self.message = message
        self.sqlState = sqlState
        self.constraint = constraint
        self.table = table
        self.column = column
        self.mayHaveCommitted = mayHaveCommitted
    }

    package var description: String {
        var text = message
        if let sqlState { text += " (SQLSTATE \(sqlState))" }
        if mayHaveCommitted { text += "; it may have been committed" }
        return text
    }

    /// The same about statements that may have taken effect.
    func mayHaveCommitted(_ flag: Bool) -> PostgresError {
        PostgresError(
            kind,
            message,
            sqlState: sqlState,
            constraint: constraint,
            table: table,
            column: column,
            mayHaveCommitted: flag
        )
    }
}

extension PostgresError {
    /// Whether the same call may well succeed later, and for no other reason than that the server is there again.
    ///
    /// No connection, a full queue, a server that starts, stops, has no room for connections, or only reads.
    package var isUnavailable: Bool {
        switch kind {
        case .noConnection, .connectionLost, .queueFull, .closed: true
        case .cancelled, .refused, .configuration: false
        case .server: isUnavailableServer
        }
    }

    private var isUnavailableServer: Bool {
        guard let sqlState else { return false }
        // A protocol violation is a mistake of ours, such as values that are too few, and stays one.
        if sqlState.hasPrefix("08") { return sqlState != "08P01" }
        return ["57P01", "57P02", "57P03", "57P05", "53300", "53200", "25006"].contains(sqlState)
    }

    /// Whether more calls wait than may.
    package var isQueueFull: Bool { kind == .queueFull }
    /// Whether the caller's task was cancelled, before or while the statement ran.
    package var isCancelled: Bool { kind == .cancelled }
    /// Whether the server's disk is full.
    package var isFull: Bool { sqlState == "53100" }
    /// Whether the same transaction may succeed when it is run again: it lost against another one.
    package var isRetryable: Bool { sqlState == "40001" || sqlState == "40P01" }
    /// Whether a row with the same key is there already.
    package var isUniqueViolation: Bool { sqlState == "23505" }
    /// Whether a row with the same key of that constraint is there already.
    package func isUniqueViolation(_ constraint: String) -> Bool {
        isUniqueViolation && self.constraint == constraint
    }
    /// Whether a constraint of the schema refused the change.
    package var isConstraint: Bool { sqlState?.hasPrefix("23") ?? false }
    /// Whether a lock was not to be had within the time that was set for it.
    package var isLockTimeout: Bool { sqlState == "55P03" }
    /// Whether the statement took longer than it may, or was cancelled on the server.
    package var isTimeout: Bool { sqlState == "57014" }
    /// Whether the server only reads: a standby, or one that became it.
    package var isReadOnly: Bool { sqlState == "25006" }

    static let closed = PostgresError(.closed, "the connections to PostgreSQL are closed")
    static let cancelled = PostgresError(.cancelled, "the call was cancelled")
}
