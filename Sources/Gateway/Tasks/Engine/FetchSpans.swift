import Assets
import HTTPClient
import OpenTelemetry
import Sound
import Telemetry
import Threads

/// The two spans of a try to keep a result: fetching it, and checking what came.
final class FetchSpans: Sendable {
    private let tracer: Tracer
    private let context: TraceContext
    private let attributes: [(String, SpanValue)]
    private let present: Guarded<TraceSpan?>

    /// `nil` when the trace is not recorded.
    init?(_ tracer: Tracer, _ context: TraceContext?, _ url: String, _ take: Engine.Take, of id: TaskID) {
        guard let context, let span = tracer.begin("fetch asset", .client, in: context) else { return nil }
        self.tracer = tracer
        self.context = context
        attributes = [
            ("soundgate.task.id", .string(id.rawValue)), ("soundgate.attempt", SpanValue(take.attempt)),
            ("soundgate.output", SpanValue(take.index)),
        ]
        present = Guarded(span)
        for (name, value) in attributes { span[name] = value }
        span["http.request.method"] = "GET"
        span.describe(url: url, showing: .path)
    }

    /// All of it is here; from any thread.
    func isFetched() {
        guard let check = tracer.begin("check asset", in: context) else { return }
        for (name, value) in attributes { check[name] = value }
        present.withLock { span -> TraceSpan? in
            defer { span = check }
            return span
        }?.end()
    }

    /// It is kept, or there is none.
    func end(_ problem: AssetFetcher.Problem?) {
        let span = present.withLock { span -> TraceSpan? in
            defer { span = nil }
            return span
        }
        switch problem {
        case .result: span?.fail("result")
        case .storage: span?.fail("storage")
        case nil: break
        }
        span?.end()
    }
}
