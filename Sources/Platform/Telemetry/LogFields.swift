/// What varies in a log line: names and values in the order they were given.
///
/// Secrets, bodies, prompts and bound SQL values are no fields. A name that comes again replaces the earlier value.
package struct LogFields: Sendable, Equatable, ExpressibleByDictionaryLiteral, Sequence {
    /// One name and its value.
    package struct Field: Sendable, Equatable {
        package let name: String
        package let value: LogValue
    }

    private var fields: [Field] = []

    /// Nothing.
    package init() {}

    package init(dictionaryLiteral elements: (String, LogValue?)...) {
        fields.reserveCapacity(elements.count)
        for (name, value) in elements { self[name] = value }
    }

    /// The value of that name; assigning `nil` removes it.
    package subscript(name: String) -> LogValue? {
        get { fields.first { $0.name == name }?.value }
        set {
            let index = fields.firstIndex { $0.name == name }
            guard let newValue else {
                if let index { fields.remove(at: index) }
                return
            }
            let field = Field(name: name, value: newValue)
            if let index { fields[index] = field } else { fields.append(field) }
        }
    }

    /// Whether there are no fields.
    package var isEmpty: Bool { fields.isEmpty }

    /// These fields and then those, the later ones winning.
    package func adding(_ others: LogFields) -> LogFields {
        if fields.isEmpty { return others }
        var result = self
        for field in others.fields { result[field.name] = field.value }
        return result
    }

    /// Hands out the fields in order.
    package func makeIterator() -> IndexingIterator<[Field]> { fields.makeIterator() }
}

/// What a log field can hold.
package enum LogValue: Sendable, Equatable, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral
{
    case string(String)
    case integer(Int64)
    case number(Double)
    case bool(Bool)
    /// Printed as a number of milliseconds.
    case duration(Duration)

    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }

    /// An integer from the width most code counts in.
    package init(_ value: Int) { self = .integer(Int64(value)) }
}
