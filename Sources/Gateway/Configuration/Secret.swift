/// A value that prints as `<redacted>` everywhere except inside ``reveal(_:)``.
package struct Secret<Wrapped: Sendable>: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let wrapped: Wrapped

    /// Hides a value.
    package init(_ wrapped: Wrapped) { self.wrapped = wrapped }

    /// Hands the value to a closure, which must not let it reach a log or a message.
    package func reveal<Result, Failure: Error>(
        _ body: (Wrapped) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(wrapped)
    }

    /// Always `<redacted>`.
    package var description: String { "<redacted>" }
    /// Always `<redacted>`.
    package var debugDescription: String { "<redacted>" }
    /// Without children, so that `dump` shows nothing.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Secret: Equatable where Wrapped: Equatable {}
