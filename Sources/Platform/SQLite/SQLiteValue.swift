/// One of the five kinds of value that SQLite stores.
package enum SQLiteValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

extension SQLiteValue {
    /// Text, or NULL in its absence.
    package init(_ value: String?) { self = value.map(SQLiteValue.text) ?? .null }
    /// An integer, or NULL in its absence.
    package init(_ value: Int64?) { self = value.map(SQLiteValue.integer) ?? .null }
    /// An integer, or NULL in its absence.
    package init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
    /// A number, or NULL in its absence.
    package init(_ value: Double?) { self = value.map(SQLiteValue.real) ?? .null }
    /// Bytes, or NULL in their absence.
    package init(_ value: [UInt8]?) { self = value.map(SQLiteValue.blob) ?? .null }
    /// 1 or 0, or NULL in its absence.
    package init(_ value: Bool?) { self = value.map { .integer($0 ? 1 : 0) } ?? .null }
}

extension SQLiteValue: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) { self = .text(value) }
}

extension SQLiteValue: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int64) { self = .integer(value) }
}

extension SQLiteValue: ExpressibleByFloatLiteral {
    package init(floatLiteral value: Double) { self = .real(value) }
}

extension SQLiteValue: ExpressibleByBooleanLiteral {
    package init(booleanLiteral value: Bool) { self = .integer(value ? 1 : 0) }
}
