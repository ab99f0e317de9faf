/// A value of a statement's parameter or of a row's column.
package enum PostgresValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    /// Text; PostgreSQL stores none that holds NUL.
    case text(String)
    case blob([UInt8])
    case texts([String])
    case integers([Int64])
}

extension PostgresValue {
    /// Text, or NULL in its absence.
    package init(_ value: String?) { self = value.map(PostgresValue.text) ?? .null }
    /// An integer, or NULL in its absence.
    package init(_ value: Int64?) { self = value.map(PostgresValue.integer) ?? .null }
    /// An integer, or NULL in its absence.
    package init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
    /// A number, or NULL in its absence.
    package init(_ value: Double?) { self = value.map(PostgresValue.double) ?? .null }
    /// Bytes, or NULL in their absence.
    package init(_ value: [UInt8]?) { self = value.map(PostgresValue.blob) ?? .null }
    /// True or false, or NULL in its absence.
    package init(_ value: Bool?) { self = value.map(PostgresValue.bool) ?? .null }
}

extension PostgresValue: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) { self = .text(value) }
}

extension PostgresValue: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int64) { self = .integer(value) }
}

extension PostgresValue: ExpressibleByFloatLiteral {
    package init(floatLiteral value: Double) { self = .double(value) }
}

extension PostgresValue: ExpressibleByBooleanLiteral {
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}
