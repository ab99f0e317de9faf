import JSON

/// A scripted misbehaviour: what, on which calls, and how often.
struct Fault: Sendable {
    /// Given by the script.
    var id = 0
    let vendor: String
    let operation: VendorOperation
    let kind: FaultKind
    /// Only calls about this task; `nil` for all.
    let task: String?
    /// How many matching calls go through unharmed first.
    var skip: Int
    /// How many matching calls are still to be struck; `nil` for all.
    var times: Int?
    /// How likely a matching call is struck, 0–1.
    let chance: Double
    /// Decides by that chance.
    var dice: Dice
    /// The vendor's error code, for a refusal.
    let code: Int?
    /// Sent as `Retry-After`, in seconds.
    let retryAfter: Int?
    /// How late a slow answer is, in seconds.
    let seconds: Double
    /// Whether an error answer hides that the job was taken.
    let takesJob: Bool
    /// Whether the answer repeats what it was asked, credentials included.
    let echoes: Bool
    /// The status word that nobody has heard of, or the vendor's word for a refusal.
    let word: String?

    /// The fault as the control route shows it.
    var json: JSONValue {
        [
            "id": JSONValue(id),
            "vendor": .string(vendor),
            "operation": .string(operation.rawValue),
            "fault": .string(kind.rawValue),
            "task": JSONValue(orNull: task),
            "skip": JSONValue(skip),
            "times": times.map { JSONValue($0) } ?? "always",
            "chance": .number(chance),
            "code": JSONValue(orNull: code),
            "retry_after": JSONValue(orNull: retryAfter),
            "seconds": .number(seconds),
            "takes_job": .bool(takesJob),
            "echo": .bool(echoes),
            "word": JSONValue(orNull: word),
        ]
    }
}
