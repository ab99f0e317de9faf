/// A value that prints as `<redacted>` everywhere; only `reveal` shows it.
///
/// Its bytes live in ``LockedBytes``: copies of the secret share them, and they are wiped with the last one. What
/// `reveal` lends is an ordinary value made for that call, whose memory nobody wipes: keep it no longer than needed,
/// or read the bytes in place with `withBytes`. `==` takes a time that depends on the lengths alone.
package struct Secret<Wrapped: SecretValue>: Sendable, Equatable, CustomStringConvertible,
    CustomDebugStringConvertible, CustomReflectable
{
    private let bytes: LockedBytes

    /// Hides a value.
    package init(_ wrapped: Wrapped) {
        bytes = wrapped.withSecretBytes { LockedBytes(copying: $0) }
    }

    /// Hides what is locked already, without a copy.
    package init(_ bytes: LockedBytes) { self.bytes = bytes }

    /// Lends the value to `body`.
    package func reveal<Result, Failure: Error>(_ body: (Wrapped) throws(Failure) -> Result) throws(Failure)
        -> Result
    {
        try body(bytes.withBytes { Wrapped(secretBytes: $0) })
    }

    /// Lends the value's bytes to `body`, where they are.
    package func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withBytes(body)
    }

    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// What a ``Secret`` can hide: something that is made of its bytes again.
package protocol SecretValue: Sendable {
    /// The value that these bytes stand for.
    init(secretBytes bytes: RawSpan)

    /// Lends the bytes that stand for the value.
    func withSecretBytes<Result>(_ body: (RawSpan) -> Result) -> Result
}

extension String: SecretValue {
    package init(secretBytes bytes: RawSpan) {
        self = unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }

    package func withSecretBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        unsafe body(utf8Span.span.bytes)
    }
}

extension [UInt8]: SecretValue {
    package init(secretBytes bytes: RawSpan) { self = unsafe bytes.withUnsafeBytes { unsafe Array($0) } }

    package func withSecretBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        unsafe body(span.bytes)
    }
}
