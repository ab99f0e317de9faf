import Threads

/// What the callbacks' tasks are at: each waits for a time or is busy.
///
/// From it follow how many there are, and when nothing that is due is left to be done.
final class CallbackAgenda: Sendable {
    private enum Stage {
        case busy
        /// Since the start.
        case waiting(Duration)

        func isQuiet(at now: Duration) -> Bool {
            if case .waiting(let due) = self { due > now } else { false }
        }
    }

    private struct State {
        var stages: [Int: Stage] = [:]
        var tasks: [Int: Task<Void, Never>] = [:]
        var lastID = 0
        var watchers: [CheckedContinuation<Bool, Never>] = []
    }

    private let state = Guarded(State())
    private let capacity: Int

    /// An agenda for so many errands at a time.
    init(capacity: Int) { self.capacity = capacity }

    /// How many errands wait or are busy.
    var count: Int { state.withLock { $0.stages.count } }

    /// Puts down one more errand, busy at first; `nil` when there are too many.
    func add() -> Int? {
        state.withLock { state in
            guard state.stages.count < capacity else { return nil }
            state.lastID += 1
            state.stages[state.lastID] = .busy
            return state.lastID
        }
    }

    /// Keeps the task of an errand, to be cancelled with it.
    ///
    /// It may have ended, or been dropped, before it could be kept.
    func keep(_ task: Task<Void, Never>, for id: Int) {
        let isWanted = state.withLock { state in
            guard state.stages[id] != nil else { return false }
            state.tasks[id] = task
            return true
        }
        if !isWanted { task.cancel() }
    }

    /// Whether an errand is still wanted.
    func holds(_ id: Int) -> Bool { state.withLock { $0.stages[id] != nil } }

    func wait(_ id: Int, until due: Duration) {
        change { if $0.stages[id] != nil { $0.stages[id] = .waiting(due) } }
    }

    func wake(_ id: Int) {
        state.withLock { if $0.stages[id] != nil { $0.stages[id] = .busy } }
    }

    func end(_ id: Int) {
        change { state in
            state.stages[id] = nil
            state.tasks[id] = nil
        }
    }

    /// Drops all errands.
    func removeAll() {
        var tasks: [Int: Task<Void, Never>] = [:]
        change { state in
            tasks = state.tasks
            state.stages = [:]
            state.tasks = [:]
        }
        for task in tasks.values { task.cancel() }
    }

    /// Returns when every errand waits for a time that has not come by then.
    func settle(by now: @Sendable () -> Duration) async {
        while true {
            let isSettled = await withCheckedContinuation { continuation in
                let isSettled = state.withLock { state in
                    let now = now()
                    let isSettled = state.stages.values.allSatisfy { $0.isQuiet(at: now) }
                    if !isSettled { state.watchers.append(continuation) }
                    return isSettled
                }
                if isSettled { continuation.resume(returning: true) }
            }
            if isSettled { return }
        }
    }

    /// Changes the state and lets those look who wait for it to settle.
    private func change(_ change: (inout State) -> Void) {
        let watchers = state.withLock { state in
            change(&state)
            defer { state.watchers = [] }
            return state.watchers
        }
        for watcher in watchers { watcher.resume(returning: false) }
    }
}
