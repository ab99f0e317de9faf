import CSQLite

/// One row of a result, valid only inside the closure that it is lent to.
///
/// Columns count from 0. The plain accessors follow SQLite's conversions, by which NULL is 0 or empty; where NULL
/// means something ask the `optional` ones. A column that does not exist reads as NULL.
@safe package struct Row: ~Copyable {
    private let statement: OpaquePointer

    init(of statement: OpaquePointer) { unsafe self.statement = statement }

    /// The number of columns.
    package var count: Int { unsafe Int(sqlite3_column_count(statement)) }

    /// Whether the column is NULL.
    package func isNull(_ column: Int) -> Bool {
        unsafe sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL
    }

    /// The column as an integer.
    package func int64(_ column: Int) -> Int64 { unsafe sqlite3_column_int64(statement, Int32(column)) }

    /// The column as an integer of the width most code counts in.
    package func int(_ column: Int) -> Int { Int(int64(column)) }

    /// Whether the column is another integer than 0.
    package func bool(_ column: Int) -> Bool { int64(column) != 0 }

    /// The column as a number.
    package func double(_ column: Int) -> Double { unsafe sqlite3_column_double(statement, Int32(column)) }

    /// The column as text; bytes that are not UTF-8 are replaced.
    package func text(_ column: Int) -> String {
        // "The safest policy is to invoke sqlite3_column_text() followed by sqlite3_column_bytes()".
        guard let start = unsafe sqlite3_column_text(statement, Int32(column)) else { return "" }
        let count = unsafe Int(sqlite3_column_bytes(statement, Int32(column)))
        return unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// The column as bytes.
    package func blob(_ column: Int) -> [UInt8] {
        guard let start = unsafe sqlite3_column_blob(statement, Int32(column)) else { return [] }
        let count = unsafe Int(sqlite3_column_bytes(statement, Int32(column)))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// The column as an integer, unless it is NULL.
    package func optionalInt64(_ column: Int) -> Int64? { isNull(column) ? nil : int64(column) }
    /// The column as an integer, unless it is NULL.
    package func optionalInt(_ column: Int) -> Int? { isNull(column) ? nil : int(column) }
    /// The column as a number, unless it is NULL.
    package func optionalDouble(_ column: Int) -> Double? { isNull(column) ? nil : double(column) }
    /// The column as text, unless it is NULL.
    package func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
    /// The column as bytes, unless it is NULL.
    package func optionalBlob(_ column: Int) -> [UInt8]? { isNull(column) ? nil : blob(column) }

    /// The column in the kind it is stored in.
    package func value(_ column: Int) -> SQLiteValue {
        switch unsafe sqlite3_column_type(statement, Int32(column)) {
        case SQLITE_INTEGER: .integer(int64(column))
        case SQLITE_FLOAT: .real(double(column))
        case SQLITE_TEXT: .text(text(column))
        case SQLITE_BLOB: .blob(blob(column))
        default: .null
        }
    }
}
