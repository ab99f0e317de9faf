/// A piece of work in a trace, as it is told to a collector.
package struct SpanRecord: Sendable, Equatable {
    /// Which side of a call it is, by the numbers of OTLP.
    package enum Kind: Int, Sendable {
        case `internal` = 1
        case server, client, producer, consumer
    }

    /// One name and its value.
    package struct Attribute: Sendable, Equatable {
        package let name: String
        package let value: SpanValue
    }

    /// Where another span is, as whoever tells of a child knows it.
    package struct Parent: Sendable, Equatable {
        package let span: SpanID
        /// Whether it is of another process.
        package let isRemote: Bool

        /// A parent by its id.
        package init(_ span: SpanID, isRemote: Bool = false) {
            self.span = span
            self.isRemote = isRemote
        }
    }

    package let context: TraceContext
    package let parent: Parent?
    package let kind: Kind
    package internal(set) var name: String
    /// In nanoseconds since 1970.
    package internal(set) var start: UInt64
    package internal(set) var end: UInt64
    package internal(set) var attributes: [Attribute] = []
    /// Other spans that have to do with it.
    package internal(set) var links: [TraceContext] = []
    package internal(set) var hasFailed = false
    /// What came with the trace from elsewhere.
    package internal(set) var state: String?

    /// The value of an attribute.
    package subscript(name: String) -> SpanValue? { attributes.first { $0.name == name }?.value }
}

/// What an attribute can hold.
package enum SpanValue: Sendable, Equatable, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral
{
    case string(String)
    case integer(Int64)
    case number(Double)
    case bool(Bool)

    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }

    /// An integer from the width most code counts in.
    package init(_ value: Int) { self = .integer(Int64(value)) }

    /// The text, when this is one.
    package var string: String? { if case .string(let text) = self { text } else { nil } }
}
