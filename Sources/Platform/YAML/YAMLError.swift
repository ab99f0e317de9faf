/// Why a text is not a document that this module takes.
package struct YAMLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where the fault was seen.
    package let position: YAMLPosition
    /// What is wrong, in lower case and without a full stop.
    ///
    /// Names keys and anchors, never other values.
    package let message: String

    /// A fault and its place.
    package init(position: YAMLPosition, message: String) {
        self.position = position
        self.message = message
    }

    package var description: String { "\(position.line):\(position.column): \(message)" }
}
