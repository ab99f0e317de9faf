import Support
import Threads

/// What the callers know: which creates were answered, and with which task.
final class ChaosBook: Sendable {
    struct State {
        /// Tasks by the mark of their order, where the create was answered.
        var tasks: [String: String] = [:]
        /// The answers to creates under a key, by mark.
        var answers: [String: [UInt8]] = [:]
        /// Orders without a key whose answer was lost: there may be a task.
        var open: Set<String> = []
        /// Creates that were cut by a kill and are to be sent again under their key.
        var toRepeat: [ChaosOrder] = []
        /// Creates that were cut and are answered now.
        var repeated = 0
        /// Creates that were answered from the first answer.
        var replayed = 0
        /// Tasks that were deleted, or may have been, for the answer was lost.
        var deleted: Set<String> = []
        var canceled = 0
        /// What must not be, as far as it was seen on the way.
        var wrongs: [String] = []
        var next = 0
    }

    private let state = Guarded(State())

    /// All of it, as it stands.
    var page: State { state.withLock { $0 } }

    func note(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    func wrong(_ what: String) { note { $0.wrongs.append(what) } }

    /// The next order: one that is to be repeated, or a new one below `limit`; `nil` when there is none.
    func takeOrder(below limit: Int, _ scale: ChaosScale) -> (order: ChaosOrder, isRepeated: Bool)? {
        state.withLock { state in
            if !state.toRepeat.isEmpty { return (state.toRepeat.removeFirst(), true) }
            guard state.next < limit else { return nil }
            defer { state.next += 1 }
            return (ChaosOrder(state.next, scale), false)
        }
    }

    /// Takes in that a create was answered with a task.
    func answered(_ order: ChaosOrder, _ task: String, _ body: [UInt8], isRepeated: Bool, isReplayed: Bool) {
        note { state in
            if order.key != nil {
                if let first = state.answers[order.mark], first != body {
                    state.wrongs.append("\(order.mark): the second answer is not the first, byte for byte")
                }
                state.answers[order.mark] = body
            }
            if isRepeated { state.repeated += 1 }
            if isReplayed { state.replayed += 1 }
            if let known = state.tasks[order.mark], known != task {
                state.wrongs.append("\(order.mark): one key, two tasks: \(known) and \(task)")
            }
            state.tasks[order.mark] = task
        }
    }

    /// Whether the caller may delete a task: one of all.
    func claimDeletion(of task: String) -> Bool {
        state.withLock { $0.deleted.insert(task).inserted }
    }

    /// Any task that was told of so far.
    func anyTask(_ chance: inout SeededGenerator) -> String? {
        let marks = page.tasks
        return marks.isEmpty ? nil : marks[ChaosOrder.mark(Int.random(in: 0..<marks.count, using: &chance))]
    }
}
