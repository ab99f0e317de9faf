/// A scalar as it was written, and what that means.
package struct YAMLScalar: Sendable, Equatable {
    /// The text without quotes and escapes.
    package let text: String
    /// How it was written.
    package let style: Style
    /// What it means.
    package let value: Value

    init(text: String, style: Style) {
        self.text = text
        self.style = style
        value = style == .plain ? Value(resolving: text) : .string
    }

    /// How a scalar was written.
    package enum Style: Sendable, Equatable {
        /// Bare: may mean something else than text.
        case plain
        /// In quotes, or as a block after `|` or `>`: always text.
        case quoted
    }

    /// What a scalar means.
    package enum Value: Sendable, Equatable {
        /// Nothing, `~` or `null`.
        case null
        /// `true` or `false`.
        case bool(Bool)
        /// A decimal or `0x` integer that fits.
        case integer(Int)
        /// A number with a fraction or an exponent.
        case real(Double)
        /// Everything else; it is in ``YAMLScalar/text``.
        case string

        /// What this is, for messages to people.
        package var kind: String {
            switch self {
            case .null: "nothing"
            case .bool: "a truth value"
            case .integer: "an integer"
            case .real: "a number"
            case .string: "text"
            }
        }
    }
}
