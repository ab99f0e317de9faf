/// The 32 bytes that SHA-256 or HMAC-SHA-256 gives.
///
/// `==` takes a time that depends on the bytes; compare secrets with `constantTimeEquals`.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// The number of bytes in each digest.
    package static let count = 32

    private let words: InlineWords

    /// Four words instead of an array: a digest needs no allocation.
    private struct InlineWords: Hashable, Sendable {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0
        var fourth: UInt64 = 0
    }

    /// Lets the body fill in all 32 bytes.
    init(filling body: (UnsafeMutableRawBufferPointer) -> Void) {
        var words = InlineWords()
        unsafe withUnsafeMutableBytes(of: &words) { unsafe body($0) }
        self.words = words
    }

    /// The digest that was written down as bytes; `nil` unless there are 32 of them.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.count else { return nil }
        unsafe self.init { unsafe $0.copyBytes(from: bytes) }
    }

    /// The digest in order.
    package var bytes: [UInt8] { unsafe withUnsafeBytes(of: words) { unsafe Array($0) } }

    /// 64 lower-case digits.
    package var hex: String { Hex.encode(bytes) }

    package var description: String { hex }
}
