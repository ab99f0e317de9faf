import Crypto
import HTTP
import HTTPClient
import OpenTelemetry
import Sound
import Telemetry
import Timing

/// One try of one message.
extension Courier {
    /// Sends a message and stores what came of it.
    func deliver(_ message: OutboxMessage) async {
        let began = parts.time.instant
        let outcome = await send(message)
        land(message.host, isWell: outcome.isHostWell)
        // Nobody knows what came of it: the next process sends it again.
        if case .cut = outcome { return await giveBack(message) }
        var settled = message
        settled.take(outcome, at: now, by: parts.schedule)
        if settled.lastStatus == 410 { remember(settled) }
        tell(settled, taking: .nanoseconds(Int64(clamping: parts.time.instant &- began)))
        await store(settled)
    }

    /// Stores that a message will not be sent, as its receiver wants no more of this task.
    func giveUpAsGone(_ message: OutboxMessage) async {
        var settled = message
        settled.giveUpAsGone(at: now)
        tell(settled, taking: .zero)
        await store(settled)
    }

    private func remember(_ message: OutboxMessage) {
        // What is forgotten is asked once more.
        if gone.count >= 4096 { gone = [] }
        gone.insert(message.task)
    }

    private func send(_ message: OutboxMessage) async -> Try {
        let span = beginSpan(of: message)
        defer { span?.end() }
        let request = UpstreamRequest(
            .post,
            message.url,
            fields: fields(of: message, in: span?.context),
            body: message.body,
            timeouts: .init(
                connect: parts.limits.total,
                firstByte: parts.limits.total,
                total: parts.limits.total,
                stall: parts.limits.total
            ),
            maximumBytes: Self.answerBytes,
            redirects: .refuse,
            addresses: settings.destinations.addresses
        )
        let answer: Result<UpstreamResponse, TransportFailure>
        do throws(TransportFailure) {
            let response = try await parts.client.send(request)
            span?.describe(status: response.status.code)
            answer = .success(response)
        } catch {
            span?.describe(error)
            answer = .failure(error)
        }
        return Try(answer, now: parts.time.moment)
    }

    /// The fields of Standard Webhooks: the time is that of this try, so that a receiver can refuse what is old.
    ///
    /// A trace goes on at the receiver: `context` is the span of this try, and where nothing is recorded, what came with the
    /// request of the task.
    private func fields(of message: OutboxMessage, in context: TraceContext?) -> Fields {
        let timestamp = String(parts.time.moment.milliseconds / 1000)
        var fields: Fields = [
            "Content-Type": "application/json", "webhook-id": message.id, "webhook-timestamp": timestamp,
        ]
        let keys = message.client.flatMap { settings.keys[$0] } ?? []
        if !keys.isEmpty {
            fields["webhook-signature"] = keys.map {
                $0.signature(of: message.id, at: timestamp, message.body)
            }
            .joined(separator: " ")
        }
        if let provenance = message.provenance {
            fields["traceparent"] = context?.traceparent ?? provenance.traceparent
            fields["tracestate"] = provenance.tracestate
        }
        return fields
    }

    private func beginSpan(of message: OutboxMessage) -> TraceSpan? {
        guard parts.tracer.isOn, let provenance = message.provenance,
            let span = parts.tracer.begin(
                "webhook \(message.type)",
                .client,
                in: TraceContext(traceparent: provenance.traceparent)
            )
        else { return nil }
        span["http.request.method"] = "POST"
        span.describe(url: message.url, showing: .origin)
        if message.tries > 0 { span["http.request.resend_count"] = SpanValue(message.tries) }
        span["soundgate.task.id"] = .string(message.task.rawValue)
        span["soundgate.webhook.id"] = .string(message.id)
        return span
    }

    /// A line of the log: never the address's path and query, which may hold a secret, and never the content.
    private func tell(_ message: OutboxMessage, taking span: Duration) {
        parts.metrics.take(message, at: now, taking: span)
        let level: LogLevel = message.state == .dead ? .warning : .info
        guard parts.log.isEnabled(level) else { return }
        var fields = message.about([
            "type": "\(message.type)", "host": "\(message.host)", "tries": .init(message.tries),
            "duration": .duration(span),
        ])
        if let reason = message.lastError { fields = fields.adding(["reason": "\(reason)"]) }
        switch message.state {
        case .delivered: parts.log(level, "webhook delivered", fields)
        case .dead: parts.log(level, "webhook given up", fields)
        case .pending:
            let pause = Duration.milliseconds(message.dueAt.milliseconds - now.milliseconds)
            parts.log(
                level,
                "webhook not taken, to be tried again",
                fields.adding(["in": .duration(max(pause, .zero))])
            )
        }
    }
}

extension OutboxMessage {
    /// What a line of the log says about a message: which one it is, and by what else it can be found.
    func about(_ fields: LogFields = [:]) -> LogFields {
        (["webhook": "\(id)", "task": "\(task)"] as LogFields).adding(provenance?.logFields ?? [:]).adding(
            fields
        )
    }
}
