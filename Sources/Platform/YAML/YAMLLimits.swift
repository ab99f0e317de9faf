/// How large a document may be.
package struct YAMLLimits: Sendable, Equatable {
    /// The text, in bytes.
    package var bytes = 1024 * 1024
    /// Lists and maps within each other, aliases replaced.
    package var depth = 64
    /// Values in the whole document, aliases replaced: the guard against a few lines that stand for billions.
    package var nodes = 100_000

    /// The limits for a file that a person writes.
    package init() {}
}
