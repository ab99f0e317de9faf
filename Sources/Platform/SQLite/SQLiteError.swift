import CSQLite
import Glibc

/// A call into SQLite that failed.
///
/// Bound values never enter the description; the SQL, which holds only placeholders for them, does.
package struct SQLiteError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A result code with its extension, as in `SQLITE_CONSTRAINT_UNIQUE`.
    ///
    /// A struct, for SQLite may add codes.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }

        /// The code without its extension, as in `SQLITE_CONSTRAINT`.
        package var primary: Int32 { rawValue & 0xFF }
    }

    package let code: Code
    /// SQLite's own words.
    package let message: String
    /// The statement that was to run, if one was.
    package let sql: String?
    /// The system's `errno` where it was the system that refused, else 0.
    package let systemCode: Int32

    /// An error that is not read from a connection.
    package init(code: Int32, message: String? = nil, sql: String? = nil, systemCode: Int32 = 0) {
        self.code = Code(rawValue: code)
        self.message = unsafe message ?? String(cString: sqlite3_errstr(code))
        self.sql = sql
        self.systemCode = systemCode
    }

    /// Reads the connection's most recent failure.
    init(_ code: Int32, on handle: OpaquePointer?, sql: String? = nil) {
        let extended = unsafe handle == nil ? code : sqlite3_extended_errcode(handle)
        let message = unsafe String(cString: handle == nil ? sqlite3_errstr(code) : sqlite3_errmsg(handle))
        // "The most recent I/O error or failure to open a file": of an older failure when this one is of another kind.
        let isSystems = [SQLITE_IOERR, SQLITE_CANTOPEN].contains(code & 0xFF)
        let systemCode = unsafe handle == nil || !isSystems ? 0 : sqlite3_system_errno(handle)
        self.init(
            code: extended & 0xFF == code & 0xFF ? extended : code,
            message: message,
            sql: sql,
            systemCode: systemCode
        )
    }

    package var description: String {
        var text = "\(message) (SQLite code \(code.rawValue))"
        if systemCode != 0, let reason = unsafe strerror(systemCode) {
            text += unsafe ": \(String(cString: reason))"
        }
        return if let sql { "\(text) in: \(sql)" } else { text }
    }
}

extension SQLiteError {
    /// Whether another connection held a lock for longer than the busy timeout.
    package var isBusy: Bool { code.primary == SQLITE_BUSY || code.primary == SQLITE_LOCKED }
    /// Whether the disk, or the process's part of it, is full.
    ///
    /// SQLite says `SQLITE_FULL` only for `ENOSPC` from a write. A quota (`EDQUOT`), and a file system that finds out at
    /// `fsync` or while the shared memory of the log grows, look like I/O errors.
    package var isFull: Bool {
        code.primary == SQLITE_FULL || systemCode == ENOSPC || systemCode == EDQUOT
    }
    /// Whether a constraint of the schema refused the change.
    package var isConstraint: Bool { code.primary == SQLITE_CONSTRAINT }
    /// Whether a row with the same key is there already.
    package var isUnique: Bool { code.rawValue == uniqueViolation || code.rawValue == primaryKeyViolation }
    /// Whether the file is damaged or no database.
    package var isCorrupt: Bool { code.primary == SQLITE_CORRUPT || code.primary == SQLITE_NOTADB }
    /// Whether the database or the connection does not allow changes.
    package var isReadOnly: Bool { code.primary == SQLITE_READONLY }
    /// Whether the system failed to read or write.
    package var isIO: Bool { code.primary == SQLITE_IOERR }
}

// Extended codes are macros with shifts in them, which Swift does not see.
private let uniqueViolation = SQLITE_CONSTRAINT | 8 << 8
private let primaryKeyViolation = SQLITE_CONSTRAINT | 6 << 8
