/// Where something belongs in a trace, by the W3C recommendation "Trace Context": the trace, one span of it, and whether
/// it is recorded.
///
/// A value of numbers: it is made and compared without memory, and gets its text only where it goes out.
package struct TraceContext: Sendable, Hashable {
    /// The trace.
    package let trace: TraceID
    /// One span of it; never 0.
    package let span: SpanID
    /// Whether whoever made the span keeps it.
    package var isSampled: Bool

    /// A context from its parts.
    package init(trace: TraceID, span: SpanID, isSampled: Bool) {
        self.trace = trace
        self.span = span
        self.isSampled = isSampled
    }

    /// The beginning of a new trace.
    package static func new(isSampled: Bool = false) -> TraceContext {
        TraceContext(trace: .random(), span: .random(), isSampled: isSampled)
    }

    /// Another span of the same trace.
    package func child() -> TraceContext {
        TraceContext(trace: trace, span: .random(), isSampled: isSampled)
    }

    /// The same trace at another span, which is known already.
    package func at(_ span: SpanID) -> TraceContext {
        TraceContext(trace: trace, span: span, isSampled: isSampled)
    }

    /// Reads a `traceparent`; `nil` for what the recommendation calls invalid.
    ///
    /// A version that is not known yet is read as far as it is like `00`, as section 4.3 wants it.
    package init?(traceparent text: String) {
        var digits = HexDigits(text)
        guard let version = digits.next(2), version != 0xFF, digits.dash(),
            let high = digits.next(16), let low = digits.next(16), digits.dash(),
            let span = digits.next(16), digits.dash(), let flags = digits.next(2),
            digits.isAtEnd || version > 0 && digits.dash(),
            high | low != 0, span != 0
        else { return nil }
        self.init(
            trace: TraceID(high: high, low: low),
            span: SpanID(rawValue: span),
            isSampled: flags & 1 == 1
        )
    }

    /// The `traceparent` of version `00`; flags that nobody has defined yet are not passed on.
    package var traceparent: String {
        var text: [UInt8] = []
        text.reserveCapacity(55)
        text.append(contentsOf: "00-".utf8)
        text.appendHex(trace.high)
        text.appendHex(trace.low)
        text.append(UInt8(ascii: "-"))
        text.appendHex(span.rawValue)
        text.append(contentsOf: (isSampled ? "-01" : "-00").utf8)
        return String(decoding: text, as: UTF8.self)
    }
}

/// A trace's id: 16 bytes, not all 0.
package struct TraceID: Sendable, Hashable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    /// An id from its halves.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// One that no other trace has.
    package static func random() -> TraceID {
        let (high, low) = SpanNumbers.pair()
        return TraceID(high: high, low: low)
    }

    /// 32 lower-case hexadecimal digits.
    package var description: String {
        var text: [UInt8] = []
        text.appendHex(high)
        text.appendHex(low)
        return String(decoding: text, as: UTF8.self)
    }
}

/// A span's id: 8 bytes, not all 0.
package struct SpanID: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Reads 16 lower-case hexadecimal digits.
    package init?(_ text: String) {
        var digits = HexDigits(text)
        guard let value = digits.next(16), digits.isAtEnd, value != 0 else { return nil }
        rawValue = value
    }

    /// One that no other span of a trace has.
    package static func random() -> SpanID { SpanID(rawValue: SpanNumbers.next()) }

    /// 16 lower-case hexadecimal digits.
    package var description: String {
        var text: [UInt8] = []
        text.appendHex(rawValue)
        return String(decoding: text, as: UTF8.self)
    }
}

/// Reads lower-case hexadecimal digits: upper-case ones are invalid in a `traceparent`.
private struct HexDigits {
    private let bytes: String.UTF8View
    private var position: String.UTF8View.Index

    init(_ text: String) {
        bytes = text.utf8
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    mutating func dash() -> Bool {
        guard !isAtEnd, bytes[position] == UInt8(ascii: "-") else { return false }
        position = bytes.index(after: position)
        return true
    }

    mutating func next(_ count: Int) -> UInt64? {
        var value: UInt64 = 0
        for _ in 0..<count {
            guard !isAtEnd else { return nil }
            switch bytes[position] {
            case let digit where (0x30...0x39).contains(digit): value = value << 4 | UInt64(digit - 0x30)
            case let letter where (0x61...0x66).contains(letter): value = value << 4 | UInt64(letter - 0x57)
            default: return nil
            }
            position = bytes.index(after: position)
        }
        return value
    }
}

extension [UInt8] {
    /// Appends 16 lower-case hexadecimal digits.
    fileprivate mutating func appendHex(_ value: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 15
            append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }
}
