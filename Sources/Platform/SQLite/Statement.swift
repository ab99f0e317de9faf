import CSQLite

/// A `sqlite3_stmt *`, finalised when it goes out of scope.
@safe struct Statement: ~Copyable {
    private let handle: OpaquePointer
    private let sql: String

    /// Compiles the first statement of the text, expecting to use it often.
    init(_ sql: String, on connection: OpaquePointer) throws(SQLiteError) {
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            connection,
            sql,
            -1,
            UInt32(SQLITE_PREPARE_PERSISTENT),
            &prepared,
            nil
        )
        guard code == SQLITE_OK else { throw unsafe SQLiteError(code, on: connection, sql: sql) }
        // "If the input text contains no SQL (if the input is an empty string or a comment) then *ppStmt is set to
        // NULL", and the code is still OK.
        guard let handle = unsafe prepared else {
            throw SQLiteError(code: SQLITE_MISUSE, message: "there is no statement in the text", sql: sql)
        }
        unsafe self.handle = handle
        self.sql = sql
    }

    deinit { unsafe sqlite3_finalize(handle) }

    /// Sets all parameters, by position; their number must match.
    func bind(_ values: [SQLiteValue]) throws(SQLiteError) {
        let expected = unsafe Int(sqlite3_bind_parameter_count(handle))
        guard values.count == expected else {
            throw SQLiteError(
                code: SQLITE_RANGE,
                message: "\(values.count) values for \(expected) parameters",
                sql: sql
            )
        }
        var index: Int32 = 0
        for value in values {
            index += 1
            let code =
                switch value {
                case .null: unsafe sqlite3_bind_null(handle, index)
                case .integer(let value): unsafe sqlite3_bind_int64(handle, index, value)
                case .real(let value): unsafe sqlite3_bind_double(handle, index, value)
                case .text(let value): bind(value, at: index)
                case .blob(let value): bind(value, at: index)
                }
            guard code == SQLITE_OK else { throw failure(code) }
        }
    }

    /// A text may hold NUL: its length travels with it.
    private func bind(_ text: String, at index: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
                // A null address would bind NULL instead of the empty text.
                guard let start = bytes.baseAddress else {
                    return unsafe soundgate_sqlite3_bind_text(handle, index, "", 0)
                }
                return unsafe soundgate_sqlite3_bind_text(handle, index, start, UInt64(bytes.count))
            }
        }
    }

    private func bind(_ blob: [UInt8], at index: Int32) -> Int32 {
        // A null address would bind NULL instead of the empty blob.
        guard !blob.isEmpty else { return unsafe sqlite3_bind_zeroblob(handle, index, 0) }
        return unsafe blob.span.bytes.withUnsafeBytes {
            unsafe soundgate_sqlite3_bind_blob(handle, index, $0.baseAddress, UInt64($0.count))
        }
    }

    /// Advances to the next row; `false` when there is none.
    func step() throws(SQLiteError) -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: true
        case SQLITE_DONE: false
        case let code: throw failure(code)
        }
    }

    /// Makes the statement ready for the next use and lets go of what was bound.
    func reset() {
        // "If the most recent call to sqlite3_step(S) … indicated an error, then sqlite3_reset(S) returns an
        // appropriate error code": it was thrown already.
        unsafe sqlite3_reset(handle)
        unsafe sqlite3_clear_bindings(handle)
    }

    /// The row that `step()` found, lent until the next call.
    func withRow<Result>(_ body: (borrowing Row) throws -> Result) rethrows -> Result {
        try body(unsafe Row(of: handle))
    }

    private func failure(_ code: Int32) -> SQLiteError {
        unsafe SQLiteError(code, on: sqlite3_db_handle(handle), sql: sql)
    }
}
