/// Any JSON text as a tree of values.
///
/// Numbers written without fraction and exponent are `integer` while they fit; all others are `number`. The two
/// compare as different, so compare through ``integer`` or ``double`` where `119` and `119.0` mean the same.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue {
    /// The text, when this is a string.
    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The number, when it has no fraction and fits: `119`, `119.0` and `1e2` are all integers.
    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        // -2^63 itself is read as an integer: as a number it is what a smaller one was rounded to.
        case .number(let value): value == -0x1p63 ? nil : Int64(exactly: value)
        default: nil
        }
    }

    /// The number; integers beyond 2^53 are rounded.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The truth value, when this is `true` or `false`.
    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The elements, when this is an array.
    package var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The members, when this is an object.
    package var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// Whether this is `null`.
    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The member of that name; `nil` when there is none or this is no object.
    package subscript(key: String) -> JSONValue? { object?[key] }

    /// The element at that place; `nil` when there is none or this is no array.
    package subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// What this is, in the words of the JSON specification, for messages to people.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .integer, .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

extension JSONValue {
    /// A string, or `null` in its absence.
    package init(orNull value: String?) { self = value.map(JSONValue.string) ?? .null }

    /// An integer, or `null` in its absence.
    package init(orNull value: Int64?) { self = value.map(JSONValue.integer) ?? .null }

    /// An integer, or `null` in its absence.
    package init(orNull value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }

    /// A number, or `null` in its absence.
    package init(orNull value: Double?) { self = value.map(JSONValue.number) ?? .null }

    /// A boolean, or `null` in its absence.
    package init(orNull value: Bool?) { self = value.map(JSONValue.bool) ?? .null }

    /// The value itself, or `null` in its absence.
    package init(orNull value: JSONValue?) { self = value ?? .null }

    /// An object, or `null` in its absence.
    package init(orNull value: JSONObject?) { self = value.map(JSONValue.object) ?? .null }

    /// An integer from the width most code counts in.
    package init(_ value: Int) { self = .integer(Int64(value)) }
}
