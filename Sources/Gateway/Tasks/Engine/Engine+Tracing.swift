import Sound
import Telemetry
import Webhooks

/// Where what is done for a task belongs, in traces and in the log.
extension Engine {
    /// The span of a task; `nil` where nothing is recorded of it.
    func context(of id: TaskID) -> TraceContext? {
        guard parts.tracer.isOn else { return nil }
        return record(of: id)?.traceContext
    }

    /// A call for an attempt of a task.
    func purpose(_ kind: CallPurpose.Kind, _ attempt: AttemptRecord, of id: TaskID) -> CallPurpose {
        CallPurpose(kind, attempt, of: id, in: context(of: id))
    }

    /// What a line of the log says about a task: which one it is, and by what else it can be found.
    func about(_ id: TaskID, _ fields: LogFields = [:]) -> LogFields {
        record(of: id)?.about(fields) ?? (["task": "\(id)"] as LogFields).adding(fields)
    }

    /// Tells of something that a vendor told by itself, which came with a request of its own.
    func tell(of name: String, about attempt: Int, of id: TaskID, from request: TraceContext?) {
        guard let span = parts.tracer.begin(name, .consumer, in: context(of: id)) else { return }
        span["soundgate.task.id"] = .string(id.rawValue)
        span["soundgate.attempt"] = SpanValue(attempt)
        if let request { span.link(to: request) }
        span.end()
    }

    private func record(of id: TaskID) -> TaskRecord? { live[id]?.machine.record ?? board.record(id) }
}

extension Tracer {
    /// Begins the span of a change on its way into the ledger.
    func beginCommit(of record: TaskRecord, in context: @autoclosure () -> TraceContext?) -> TraceSpan? {
        guard isOn, let span = begin("ledger commit", in: context()) else { return nil }
        span["db.system.name"] = "sqlite"
        span["soundgate.task.id"] = .string(record.id.rawValue)
        span["soundgate.task.status"] = .string(record.status.rawValue)
        span["soundgate.task.revision"] = SpanValue(record.revision)
        return span
    }

    /// Tells of a task that has ended: the span that all others of it are parts of, whichever process began it.
    func tellTask(_ record: TaskRecord) {
        guard isOn, let context = record.traceContext, let parent = record.requestContext?.span else {
            return
        }
        let since = UInt64(clamping: record.createdAt.milliseconds) &* 1_000_000
        let name = "task \(record.request.type.rawValue)"
        let place = SpanRecord.Parent(parent)
        guard
            let span = begin(
                name,
                .internal,
                at: context,
                parent: place,
                since: since,
                state: record.provenance?.tracestate
            )
        else { return }
        span["soundgate.task.id"] = .string(record.id.rawValue)
        span["soundgate.task.type"] = .string(record.request.type.rawValue)
        span["soundgate.task.status"] = .string(record.status.rawValue)
        span["soundgate.client"] = record.client.map { .string($0) }
        span["soundgate.provider"] = record.route.map { .string($0.name.provider) }
        span["soundgate.attempts"] = SpanValue(record.attempts.count)
        span["soundgate.outputs"] = SpanValue(record.outputs.count)
        if let error = record.error { span.fail(error.code.rawValue) }
        span.end()
    }
}

extension TaskRecord {
    /// Where what is done for the task belongs: its own span where it is recorded, else what came with its request.
    var traceContext: TraceContext? { provenance.flatMap { TraceContext(traceparent: $0.traceparent) } }

    /// The span of the request that the task came with, where it is recorded.
    var requestContext: TraceContext? {
        guard let parent = provenance?.parent.flatMap({ SpanID($0) }) else { return nil }
        return traceContext?.at(parent)
    }

    /// What a line of the log says about the task.
    func about(_ fields: LogFields = [:]) -> LogFields {
        (["task": "\(id)"] as LogFields).adding(provenance?.logFields ?? [:]).adding(fields)
    }
}

extension LedgerError {
    /// A word of few.
    var word: String {
        switch self {
        case .full: "full"
        case .unreachable: "unreachable"
        case .unavailable: "unavailable"
        case .corrupt: "corrupt"
        case .leaseLost: "lease_lost"
        case .overQuota: "over_quota"
        case .tooManyTasks: "too_many_tasks"
        }
    }
}
