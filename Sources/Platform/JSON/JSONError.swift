/// Why bytes are not JSON, and where.
///
/// The message never quotes the bytes themselves, so it may be logged.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Counted from 1.
    package let line: Int
    /// In characters; counted from 1, 0 before the first character of a line.
    package let column: Int
    /// In bytes from the start.
    package let offset: Int
    /// A short phrase in lower case, without a full stop.
    package let message: String

    package var description: String { "line \(line), column \(column): \(message)" }
}
