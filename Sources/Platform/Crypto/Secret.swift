/// A value that prints as `<redacted>` everywhere; only `reveal` shows it.
package struct Secret<Wrapped: Sendable>: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let wrapped: Wrapped

    /// Hides a value.
    package init(_ wrapped: Wrapped) { self.wrapped = wrapped }

    /// Lends the value to `body`.
    package func reveal<Result, Failure: Error>(_ body: (Wrapped) throws(Failure) -> Result) throws(Failure)
        -> Result
    {
        try body(wrapped)
    }

    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Secret: Equatable where Wrapped: Equatable {}
