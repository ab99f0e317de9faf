import Crypto
import HTTP
import HTTPServer

/// What one request carries through its handlers besides itself: its ids, and the configuration that it began with.
struct Exchange: Sendable {
    /// Comes back as it came, or is new.
    let requestID: String
    /// W3C trace context; comes back as it came, or is new.
    let traceparent: String
    /// What the gateway went by when the request came.
    let snapshot: Snapshot?
    /// What came of it at the door; `nil` for what anybody may ask.
    var entrance: Entrance?

    /// The exchange of the request that is being answered.
    @TaskLocal static var current: Exchange?

    init(_ request: Request, _ snapshot: Snapshot? = nil) {
        self.snapshot = snapshot
        let given = request.fields["X-Request-Id"]
        let trace = request.fields["traceparent"]
        if let given, Self.isUsable(given), let trace, Self.isTrace(trace) {
            requestID = given
            traceparent = trace
            return
        }
        let random = Hex.encode(randomBytes(40))
        requestID = given.flatMap { Self.isUsable($0) ? $0 : nil } ?? String(random.prefix(32))
        traceparent =
            trace.flatMap { Self.isTrace($0) ? $0 : nil }
            ?? "00-\(random.dropFirst(32).prefix(32))-\(random.suffix(16))-01"
    }

    private static func isUsable(_ id: String) -> Bool {
        let bytes = id.utf8
        return (1...128).contains(bytes.count) && bytes.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// `00-` and 32, 16 and 2 lower-case hex digits; the version `ff` and ids of zeros are forbidden by the standard.
    private static func isTrace(_ text: String) -> Bool {
        let zero = UInt8(ascii: "0")
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.map(\.count) == [2, 32, 16, 2], !parts[0].elementsEqual("ff".utf8) else { return false }
        guard parts[1].contains(where: { $0 != zero }), parts[2].contains(where: { $0 != zero }) else {
            return false
        }
        return parts.joined().allSatisfy {
            (zero...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
    }
}
