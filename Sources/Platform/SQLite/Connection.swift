import CSQLite

/// A `sqlite3 *` that one thread at a time may use.
///
/// SQLite runs in its no-mutex mode, so the connection must not cross threads while in use; it lives on the writer's
/// thread or is lent to one reader. Statements are compiled once and kept by their text: write SQL with parameters,
/// not with values in it.
@safe package final class Connection {
    private let handle: OpaquePointer
    private var isClosed = false
    private var cache: [String: CachedStatement] = [:]
    /// Counts the pages of the write-ahead log; set by ``measureLog()``.
    private let meter = LogMeter()
    /// While set, a statement outside a transaction is refused; see ``requireTransaction()``.
    var expectsTransaction = false

    private final class CachedStatement {
        let statement: Statement
        var isInUse = false
        init(_ statement: consuming Statement) { self.statement = statement }
    }

    /// How a file is opened.
    package enum Mode: Sendable {
        case readOnly
        /// Makes the file when it is missing.
        case readWrite
    }

    /// Opens the file; most defects of it show only with the first statement.
    package init(path: String, mode: Mode) throws(SQLiteError) {
        let access = mode == .readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        var opened: OpaquePointer?
        let code = unsafe sqlite3_open_v2(path, &opened, access | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let handle = unsafe opened else {
            // "Whether or not an error occurs when it is opened, resources associated with the database connection
            // handle should be released by passing it to sqlite3_close()".
            let error = unsafe SQLiteError(code, on: opened)
            unsafe sqlite3_close(opened)
            throw error
        }
        unsafe self.handle = handle
        unsafe sqlite3_extended_result_codes(handle, 1)
    }

    deinit { close() }

    /// Gives the file up at once; no other call may follow.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        cache.removeAll()
        // "sqlite3_close_v2() returns SQLITE_OK regardless" and waits for statements that are still about.
        unsafe sqlite3_close_v2(handle)
    }

    /// Begins to count the pages of the write-ahead log; takes the place of SQLite's own automatic checkpoints.
    func measureLog() { unsafe meter.attach(to: handle) }

    /// Pages in the write-ahead log after this connection's last commit.
    var logPages: Int { meter.pages }

    /// Runs a script of statements without parameters; they are not kept.
    package func execute(_ script: String) throws(SQLiteError) {
        try requireTransaction()
        let code = unsafe sqlite3_exec(handle, script, nil, nil, nil)
        guard code == SQLITE_OK else { throw unsafe SQLiteError(code, on: handle, sql: script) }
    }

    /// Runs one statement for its effect and tells how many rows it changed.
    @discardableResult
    package func run(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteError) -> Int {
        let cached = try borrow(sql)
        defer { giveBack(cached) }
        try cached.statement.bind(values)
        while try cached.statement.step() {}
        return unsafe Int(sqlite3_changes(handle))
    }

    /// Runs one statement and makes something of each row.
    package func query<Element>(
        _ sql: String,
        _ values: [SQLiteValue] = [],
        _ body: (borrowing Row) throws -> Element
    ) throws -> [Element] {
        var elements: [Element] = []
        try forEach(sql, values) { row in
            elements.append(try body(row))
            return true
        }
        return elements
    }

    /// Runs one statement and makes something of its first row; `nil` when there is none.
    package func first<Element>(
        _ sql: String,
        _ values: [SQLiteValue] = [],
        _ body: (borrowing Row) throws -> Element
    ) throws -> Element? {
        var element: Element?
        try forEach(sql, values) { row in
            element = try body(row)
            return false
        }
        return element
    }

    /// Runs one statement and shows each row until the closure returns `false`.
    package func forEach(
        _ sql: String,
        _ values: [SQLiteValue] = [],
        _ body: (borrowing Row) throws -> Bool
    ) throws {
        let cached = try borrow(sql)
        defer { giveBack(cached) }
        try cached.statement.bind(values)
        while try cached.statement.step() {
            guard try cached.statement.withRow(body) else { return }
        }
    }

    /// The number of rows that the last statement changed.
    package var changes: Int { unsafe Int(sqlite3_changes(handle)) }

    /// The row id that the last `INSERT` gave.
    package var lastInsertedRowID: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

    /// Whether a transaction is open.
    package var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// The number of compiled statements that are kept.
    package var cachedStatementCount: Int { cache.count }
}

extension Connection {
    /// Runs the body so that its changes are undone when it throws, and nothing else.
    package func savepoint<Result>(_ body: () throws -> Result) throws -> Result {
        try run("SAVEPOINT soundgate")
        do {
            let result = try body()
            try run("RELEASE soundgate")
            return result
        } catch {
            // Some failures (disk full, I/O) have rolled everything back by themselves.
            if isInTransaction {
                try run("ROLLBACK TO soundgate")
                try run("RELEASE soundgate")
            }
            throw error
        }
    }

    /// Refuses to go on when SQLite has rolled the transaction back by itself.
    ///
    /// "If a transaction fails … SQLITE_FULL, SQLITE_IOERR, SQLITE_NOMEM … might cause an automatic rollback": a job
    /// that swallowed the error would otherwise go on in autocommit mode, each statement for good.
    func requireTransaction() throws(SQLiteError) {
        if expectsTransaction, !isInTransaction {
            throw SQLiteError(code: SQLITE_ABORT, message: "the transaction was rolled back")
        }
    }

    private func borrow(_ sql: String) throws(SQLiteError) -> CachedStatement {
        try requireTransaction()
        if let cached = cache[sql] {
            // The same text inside its own rows: that run gets a statement of its own.
            if cached.isInUse { return CachedStatement(try unsafe Statement(sql, on: handle)) }
            cached.isInUse = true
            return cached
        }
        let cached = CachedStatement(try unsafe Statement(sql, on: handle))
        // Texts are few; more than this means that values have got into them.
        if cache.count >= 256 { cache = cache.filter { $0.value.isInUse } }
        cache[sql] = cached
        cached.isInUse = true
        return cached
    }

    private func giveBack(_ cached: CachedStatement) {
        cached.statement.reset()
        cached.isInUse = false
    }
}

/// SQLite's no-mutex mode leaves the locking to us, and we have none: a connection belongs to one thread.
@available(*, unavailable)
extension Connection: Sendable {}
