import Crypto
import HTTP
import JSON
import Sound

/// Reads the events that the vendor posts to the account's endpoint, signed as Standard Webhooks.
struct VideoGenEvents: CallbackReading {
    /// The events that are asked for, and the state that each of them tells.
    static let states: [(event: String, status: String)] = [
        ("tool_execution.succeeded", "succeeded"),
        ("tool_execution.failed", "failed"),
        ("tool_execution.cancelled", "cancelled"),
    ]

    var isSigned: Bool { true }

    func news(in message: CallbackMessage, secret: Secret<String>?, now: Moment) -> CallbackNews {
        guard let secret else { return .forged("no webhook_secret is configured") }
        do throws(StandardWebhook.Fault) {
            try StandardWebhook(secret: secret).verify(message, now: now)
        } catch {
            return .forged(error.reason)
        }
        guard
            let body = (try? JSONValue(parsing: message.body, maximumValues: UpstreamReply.mostValues))?
                .object, let event = body["event"]?.string,
            event.hasPrefix("tool_execution."),
            let job = body["toolExecutionId"]?.string, !job.isEmpty
        else { return .irrelevant }
        guard let status = Self.states.first(where: { $0.event == event })?.status else {
            return .hint(job: job)
        }
        let observation = VideoGenExecution(status: status, body).observation
        // A success whose files are not in the event: the poll tells.
        if case .running = observation.state { return .hint(job: job) }
        return .proven(job: job, observation)
    }
}
