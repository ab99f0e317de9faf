import Audit
import Crypto
import HTTP
import HTTPServer
import Telemetry

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
    /// What is to be recorded of it; `nil` where nothing is.
    let notes: AuditNotes?

    /// The exchange of the request that is being answered.
    @TaskLocal static var current: Exchange?

    init(_ request: Request, _ snapshot: Snapshot? = nil, isAudited: Bool = false) {
        self.snapshot = snapshot
        notes = isAudited ? AuditNotes() : nil
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

    /// Notes of the request that is being answered what its record is to tell; nothing where nothing is recorded.
    static func note(_ name: String, _ text: String) {
        guard let notes = current?.notes else { return }
        notes[name] = .string(text)
    }

    /// Records a limit that would have refused the request, after others that would have.
    static func noteSpared(_ code: String) {
        guard let notes = current?.notes else { return }
        if case .string(let before)? = notes["spared"] {
            notes["spared"] = .string("\(before) \(code)")
        } else {
            notes["spared"] = .string(code)
        }
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
