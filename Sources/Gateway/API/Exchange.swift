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
    /// The place of this request in its trace: a span of its own where it is recorded, else as it came.
    let trace: TraceContext
    /// What came with the trace for others.
    let tracestate: String?
    /// What is told of the request; `nil` where nothing is.
    let span: TraceSpan?
    /// What the gateway went by when the request came.
    let snapshot: Snapshot?
    /// What came of it at the door; `nil` for what anybody may ask.
    var entrance: Entrance?
    /// What is to be recorded of it; `nil` where nothing is.
    let notes: AuditNotes?

    /// The exchange of the request that is being answered.
    @TaskLocal static var current: Exchange?

    init(
        _ request: Request,
        _ snapshot: Snapshot? = nil,
        tracer: Tracer? = nil,
        isAudited: Bool = false
    ) {
        self.snapshot = snapshot
        notes = isAudited ? AuditNotes() : nil
        requestID =
            request.fields["X-Request-Id"].flatMap { Self.isUsable($0) ? $0 : nil }
            ?? Hex.encode(randomBytes(16))
        // Two of them are joined by a comma, which no valid one has.
        let given = request.fields["traceparent"]
        let parent = given.flatMap { TraceContext(traceparent: $0) }
        tracestate =
            parent != nil && request.fields.contains("tracestate")
            ? TraceState.list(request.fields.values(for: "tracestate")) : nil
        if let tracer, tracer.isOn {
            trace = tracer.enter(parent, isQuiet: Self.isProbe(request))
            span = Self.begin(tracer, request, at: trace, parent, tracestate)
        } else {
            trace = parent ?? .new()
            span = nil
        }
        traceparent = parent == nil ? trace.traceparent : given ?? trace.traceparent
    }

    /// What a line of the log says of the request that is being answered, and that besides.
    static func about(_ fields: LogFields = [:]) -> LogFields {
        guard let current else { return fields }
        let ids: LogFields = ["request_id": "\(current.requestID)", "trace_id": "\(current.trace.trace)"]
        return ids.adding(fields)
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
}
