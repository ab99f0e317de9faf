import Sound
import Telemetry

/// Calls beyond those that a task was admitted with: they must be within the client's quota too.
extension Engine {
    /// A task as it was before something happened to it.
    struct Memory {
        let machine: TaskMachine
        let told: Set<String>
        let limits: [Quota.Limit]
    }

    /// What must be remembered of a task to take a step back; `nil` when no quota can make that necessary.
    func memory(of task: Live) -> Memory? {
        let limits = parts.quotas.limits(of: task.machine.record.client)
        return limits.isEmpty ? nil : Memory(machine: task.machine, told: task.told, limits: limits)
    }

    /// Stores what has happened to a task.
    ///
    /// Where that asks for calls which the client's quota no longer holds, it happens again without them: the task then
    /// ends as if there were nobody else to ask.
    ///
    /// - Parameters:
    ///   - change: what has changed; `nil` when nothing durable has.
    ///   - effects: what is to be done then.
    ///   - id: the task, which is live.
    ///   - earlier: the task as it was before.
    ///   - again: makes it happen to a machine.
    /// - Returns: what is to be done; `nil` when the change could not be stored.
    func store(
        _ change: TaskChange?,
        _ effects: [TaskEffect],
        of id: TaskID,
        _ earlier: Memory?,
        again: (inout TaskMachine) -> [TaskEffect]
    ) async -> [TaskEffect]? {
        guard var change else { return effects }
        let task = live[id]
        if let earlier {
            let waited = Set(earlier.machine.record.waiting.map(\.id))
            let hasMore = change.record.waiting.contains { !waited.contains($0.id) }
            change.limits = hasMore ? earlier.limits : []
        }
        switch await tryCommit(change) {
        case .stored: return effects
        case .lost: return nil
        case .overQuota:
            guard let task, live[id] === task, let earlier else { return nil }
            parts.metrics.refusedForQuota(at: .call)
            parts.log(
                .notice,
                "no further call is made: the client's quota is used up",
                about(id, ["client": "\(change.record.client ?? "-")"])
            )
            (task.machine, task.told) = (earlier.machine, earlier.told)
            task.machine.isSpent = true
            let effects = again(&task.machine)
            task.machine.isSpent = false
            guard let change = takeChange(of: id) else { return effects }
            return await commit(change) ? effects : nil
        }
    }
}
