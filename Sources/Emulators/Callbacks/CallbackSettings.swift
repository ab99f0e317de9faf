import JSON

/// A vendor's switches about callbacks; those of a task are as they stood when it was taken.
struct CallbackSettings: Sendable {
    /// Who tells of a task's end.
    enum Mode: String, CaseIterable {
        /// Callbacks where a task or an account asks for them, and polls.
        case on
        /// Polls only.
        case off
        /// Polls show the first state until the last callback has been accepted.
        case only
        /// Polls show the first state for ever.
        case onlyForever = "only_forever"
    }

    /// In which order a task's callbacks go out.
    enum Order: String, CaseIterable {
        /// Each when it is due.
        case natural
        /// All when the last is due, and the last first.
        case reversed
    }

    var mode = Mode.on
    var order = Order.natural
    /// How often each callback is sent, whatever the answer.
    var copies = 1
    /// How much later than due, in seconds at speed 1.
    var delaySeconds = 0.0
    /// After how many seconds at speed 1 a callback that was not accepted is tried again, each from the try before.
    var retryDelays: [Double] = []

    /// Whether polls hide what has become of a task whose last callback was accepted or not.
    func hidesProgress(isAccepted: Bool) -> Bool {
        switch mode {
        case .on, .off: false
        case .only: !isAccepted
        case .onlyForever: true
        }
    }

    /// The switches as the control route shows them, to be put among the vendor's own.
    var json: JSONObject {
        [
            "callbacks": .string(mode.rawValue),
            "callback_order": .string(order.rawValue),
            "callback_copies": JSONValue(copies),
            "callback_delay_seconds": .number(delaySeconds),
            "callback_retry_seconds": .array(retryDelays.map { .number($0) }),
        ]
    }

    /// These switches with those that are named turned.
    func changed(by members: inout ControlMembers) throws(ControlError) -> CallbackSettings {
        var changed = self
        let mode = try members.choice("callbacks", of: Mode.allCases.map(\.rawValue))
        changed.mode = mode.flatMap { Mode(rawValue: $0) } ?? self.mode
        let order = try members.choice("callback_order", of: Order.allCases.map(\.rawValue))
        changed.order = order.flatMap { Order(rawValue: $0) } ?? self.order
        changed.copies = try members.integer("callback_copies", in: 1...5) ?? copies
        changed.delaySeconds = try members.number("callback_delay_seconds", in: 0...86_400) ?? delaySeconds
        changed.retryDelays =
            try members.numbers("callback_retry_seconds", upTo: 10, in: 0...86_400) ?? retryDelays
        return changed
    }
}
