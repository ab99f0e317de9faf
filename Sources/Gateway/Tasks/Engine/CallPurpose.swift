import Assets
import HTTP
import HTTPClient
import OpenTelemetry
import Providers
import Sound
import Telemetry

/// What a call to a provider is for, and where its span belongs.
struct CallPurpose: Sendable {
    /// The kinds of calls.
    enum Kind: String, Sendable {
        case submit, poll, ask, cancel, balance, register
    }

    var kind: Kind
    /// The span that it is a part of; `nil` where nothing is recorded.
    var context: TraceContext?
    var route: RouteName?
    var attempt: Int?
    var task: TaskID?

    /// A call for a purpose.
    init(_ kind: Kind, in context: TraceContext? = nil) {
        self.kind = kind
        self.context = context
    }

    /// A call for an attempt of a task.
    init(_ kind: Kind, _ attempt: AttemptRecord, of task: TaskID, in context: TraceContext?) {
        self.init(kind, in: context)
        route = attempt.name
        self.attempt = attempt.number
        self.task = task
    }
}

extension Tracer {
    /// Begins the span of a call to a provider, and tells the vendor of it where that is wanted.
    func begin(_ purpose: CallPurpose, _ request: inout UpstreamRequest, to provider: Provider) -> TraceSpan?
    {
        guard isOn, let context = purpose.context else { return nil }
        let place = purpose.route?.description ?? provider.id
        let span = begin("\(purpose.kind.rawValue) \(place)", .client, in: context)
        if goesUpstream { request.fields["traceparent"] = (span?.context ?? context).traceparent }
        guard let span else { return nil }
        span["soundgate.provider"] = .string(provider.id)
        span["soundgate.operation"] = purpose.route.map { .string($0.operation) }
        span["soundgate.task.id"] = purpose.task.map { .string($0.rawValue) }
        span["soundgate.attempt"] = purpose.attempt.map { SpanValue($0) }
        span.describe(request, showing: .path)
        return span
    }
}

extension TraceSpan {
    /// Tells what came of a call that is answered with audio, and ends.
    func end(_ reception: Reception) {
        switch reception {
        case .kept(_, let status, _), .answered(let status, _, _): describe(status: status.code)
        case .unusable: fail("unusable")
        case .cutOff: fail("truncated")
        case .notSent: fail("not_sent")
        case .unknown: fail("unknown")
        case .storage: fail("storage")
        }
        end()
    }
}
