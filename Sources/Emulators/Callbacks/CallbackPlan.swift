/// The callbacks that a vendor means to make about one task, in the order of the vendor's choice.
struct CallbackPlan: Sendable {
    let vendor: String
    let task: String
    /// As they stood when the task was taken.
    let settings: CallbackSettings
    let callbacks: [PlannedCallback]
    /// Whether the task has its end already, so that no fault may decide another.
    var isDecided: @Sendable () -> Bool = { true }
    /// Whether an answer's status pleases the vendor.
    var accepts: @Sendable (_ status: Int) -> Bool = { (200...299).contains($0) }

    /// The callbacks in the order in which they go out, with the time of each since the start; later by `delay`.
    func schedule(delay: Duration) -> [(due: Duration, callback: PlannedCallback)] {
        guard settings.order == .reversed, let last = callbacks.map(\.due).max() else {
            return callbacks.map { ($0.due + delay, $0) }
        }
        return callbacks.reversed().map { (last + delay, $0) }
    }
}

/// One callback of a plan, or one to each address that wants it.
struct PlannedCallback: Sendable {
    /// When it is due, since the start.
    let due: Duration
    /// What goes out, asked when it is due; nothing when there is nothing to be told any more.
    ///
    /// A fault is one that only the vendor can play, such as the end of the task.
    let posts: @Sendable (Fault?) -> [CallbackPost]
}
