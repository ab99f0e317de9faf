import HTTP
import JSON
import Telemetry

/// One try to call back, and what came of it.
struct CallbackRecord: Sendable {
    let vendor: String
    let task: String
    let label: String
    /// From 1; 0 for one that was not tried.
    let attempt: Int
    let url: String
    let fields: Fields
    let body: [UInt8]
    let bodyLength: Int
    let time: Timestamp
    let fault: FaultKind?
    /// `nil` for one that was not tried.
    let reply: CallbackReply?
    /// In a word or two: `accepted`, `refused`, `lost`, or why there was no answer.
    let outcome: String

    /// The record as the control route shows it; a body that is JSON is shown as such, another as text.
    func json(number: Int) -> JSONValue {
        var shown = JSONObject()
        for field in fields { shown[field.name] = .string(field.value) }
        var status: Int?
        if case .answered(let code)? = reply { status = code }
        return [
            "seq": JSONValue(number),
            "time": .string(time.description),
            "vendor": .string(vendor),
            "task": .string(task),
            "callback": .string(label),
            "attempt": JSONValue(attempt),
            "url": .string(url),
            "fields": .object(shown),
            "body": CallRecord.shown(body),
            "body_bytes": JSONValue(bodyLength),
            "fault": JSONValue(orNull: fault?.rawValue),
            "status": JSONValue(orNull: status),
            "outcome": .string(outcome),
        ]
    }
}
