/// One thing that is wrong with a request, with its field and the remedy.
package struct Problem: Sendable, Hashable {
    /// Why a field is refused; stable, part of the API.
    package enum Code: String, Sendable {
        case required
        case wrongType = "wrong_type"
        case outOfRange = "out_of_range"
        case unknownField = "unknown_field"
        case unknownValue = "unknown_value"
        case conflict
        case tooLong = "too_long"
        case tooMany = "too_many"
        case notSupported = "not_supported"
        case invalid
    }

    /// A path such as `bpm` or `metadata.scene`.
    package let field: String
    package let code: Code
    /// A sentence for a person: what is wrong and what would be right.
    package let message: String

    /// A problem of one field.
    package init(_ field: String, _ code: Code, _ message: String) {
        self.field = field
        self.code = code
        self.message = message
    }
}

/// A request that cannot be taken, with every problem found in it.
package struct InvalidRequest: Error, Sendable {
    package let problems: [Problem]

    /// Wraps the problems; there is at least one.
    package init(_ problems: [Problem]) { self.problems = problems }
}
