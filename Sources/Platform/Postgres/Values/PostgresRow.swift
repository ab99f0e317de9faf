import CPostgres

/// One row of a result.
///
/// Columns count from 0. The plain accessors read NULL, and what is not of their kind, as 0, false or empty; where
/// NULL means something ask the `optional` ones. A column that does not exist reads as NULL.
@safe package struct PostgresRow: Sendable {
    private let result: ResultMemory
    private let row: Int32

    init(_ result: ResultMemory, _ row: Int32) {
        self.result = result
        self.row = row
    }

    /// The number of columns.
    package var count: Int { result.columns }

    /// Whether the column is NULL.
    package func isNull(_ column: Int) -> Bool {
        guard column >= 0, column < count else { return true }
        return unsafe PQgetisnull(result.pointer, row, Int32(column)) == 1
    }

    /// The column as text, in PostgreSQL's own spelling where it is of another type.
    package func text(_ column: Int) -> String {
        unsafe withBytes(column) { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// The column as an integer; a number with a fraction loses it.
    package func int64(_ column: Int) -> Int64 {
        let text = text(column)
        return Int64(text) ?? Double(text).flatMap { Int64(exactly: $0.rounded(.towardZero)) } ?? 0
    }

    /// The column as an integer of the width most code counts in.
    package func int(_ column: Int) -> Int { Int(int64(column)) }

    /// The column as a number.
    package func double(_ column: Int) -> Double { Double(text(column)) ?? 0 }

    /// Whether the column is true, or another integer than 0.
    package func bool(_ column: Int) -> Bool {
        let text = text(column)
        return text == "t" || int64(column) != 0
    }

    /// The column as bytes: those of a `bytea`, or the spelling of anything else.
    package func blob(_ column: Int) -> [UInt8] {
        unsafe withBytes(column) { bytes in
            type(of: column) == ColumnType.bytes
                ? unsafe Self.bytes(ofHex: bytes) : unsafe Array(bytes)
        }
    }

    /// The column's array of texts; elements that are NULL are left out.
    package func texts(_ column: Int) -> [String] {
        unsafe withBytes(column) { unsafe ArrayText.elements(of: $0) }.compactMap(\.self)
    }

    /// The column's array of integers; elements that are NULL are left out.
    package func integers(_ column: Int) -> [Int64] { texts(column).compactMap { Int64($0) } }

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
    /// Whether the column is true, unless it is NULL.
    package func optionalBool(_ column: Int) -> Bool? { isNull(column) ? nil : bool(column) }

    /// The column in the kind of its type; text for what has no kind of its own.
    package func value(_ column: Int) -> PostgresValue {
        guard !isNull(column) else { return .null }
        return switch type(of: column) {
        case ColumnType.bool: .bool(bool(column))
        case ColumnType.int2, ColumnType.int4, ColumnType.int8: .integer(int64(column))
        case ColumnType.float4, ColumnType.float8: .double(double(column))
        case ColumnType.bytes: .blob(blob(column))
        case ColumnType.texts: .texts(texts(column))
        case ColumnType.int4s, ColumnType.int8s: .integers(integers(column))
        default: .text(text(column))
        }
    }

    private func type(of column: Int) -> UInt32 { unsafe PQftype(result.pointer, Int32(column)) }

    /// Lends the column's bytes as the server sent them; none for NULL.
    private func withBytes<Result>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        guard !isNull(column), let start = unsafe PQgetvalue(result.pointer, row, Int32(column)) else {
            return unsafe body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        let count = unsafe Int(PQgetlength(result.pointer, row, Int32(column)))
        return unsafe body(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// `\x00ff`, the only form that connections are set up for.
    private static func bytes(ofHex text: UnsafeRawBufferPointer) -> [UInt8] {
        guard unsafe text.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "x")]) else { return [] }
        return stride(from: 2, to: text.count - 1, by: 2).map {
            unsafe digit(text[$0]) << 4 | digit(text[$0 + 1])
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8 {
        byte < UInt8(ascii: "a") ? byte &- UInt8(ascii: "0") : byte &- UInt8(ascii: "a") &+ 10
    }
}

/// The numbers of PostgreSQL's own types, which never change.
private enum ColumnType {
    static let bool: UInt32 = 16
    static let bytes: UInt32 = 17
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let float4: UInt32 = 700
    static let float8: UInt32 = 701
    static let int4s: UInt32 = 1007
    static let texts: UInt32 = 1009
    static let int8s: UInt32 = 1016
}
