import Sound
import Support
import Threads

/// Counts the steps of a life and says at which of them what goes wrong; tells what the case has come to.
final class StepScript: Sendable {
    /// What the test waits for.
    struct Situation: Sendable {
        /// The process has taken up what an earlier one left.
        var isUp = false
        /// The client waits for an answer.
        var isAsking = false
        /// What the client was answered with.
        var told: TaskID?
        /// The client was told to come again, or the process could not start.
        var isRefused = false
        var hasDied = false
        /// A call waits to be let go.
        var isHanging = false
        /// Calls to the ledger that are under way in the present process.
        var stepsUnderWay = 0
        /// The case takes too long.
        var isOverdue = false
        /// Every state of the task that became durable, in order.
        var states: [TaskRecord] = []

        var stored: TaskRecord? { states.last }
    }

    private struct State {
        var faults: [StepFault]
        /// Of what has happened since the last fault.
        var counts: [StepFault.Side: Int] = [:]
        var trace: [String] = []
        var hanging: [CheckedContinuation<Void, Never>] = []
        var last: StepFault?
        var wasCreate = false
        /// Exchanges that are under way.
        var exchanges = 0
    }

    let situation = Observed(Situation())
    private let state: Guarded<State>

    /// The faults happen one after another, the steps of each counted from the one before it.
    init(_ faults: [StepFault]) { state = Guarded(State(faults: faults)) }

    /// Whether every fault has happened.
    var isUsedUp: Bool { state.withLock { $0.faults.isEmpty } }

    /// The steps so far, and what went wrong at them.
    var trace: [String] { state.withLock { $0.trace } }

    /// The last one that has happened.
    var lastFault: StepFault? { state.withLock { $0.last } }

    /// Whether it happened to a create.
    var wasCreate: Bool { state.withLock { $0.wasCreate } }

    var isLineQuiet: Bool { state.withLock { $0.exchanges == 0 } }

    func exchangeBegins() { state.withLock { $0.exchanges += 1 } }
    func exchangeEnds() { state.withLock { $0.exchanges -= 1 } }

    /// Counts a step and returns what goes wrong at it.
    func next(_ side: StepFault.Side, _ name: String) -> StepFault? {
        state.withLock { state in
            let count = state.counts[side, default: 0] + 1
            state.counts[side] = count
            guard let fault = state.faults.first, fault.side == side, fault.step == count else {
                state.trace.append(name)
                return nil
            }
            state.trace.append("\(name) [\(fault)]")
            state.last = state.faults.removeFirst()
            state.wasCreate = side == .line && name.hasPrefix("POST") && !name.hasSuffix("hydrate")
            state.counts = [:]
            return fault
        }
    }

    /// Waits until the test lets go.
    func hang() async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.hanging.append(continuation) }
            situation.change { $0.isHanging = true }
        }
    }

    func letGo() {
        situation.change { $0.isHanging = false }
        let hanging = state.withLock { state in
            defer { state.hanging = [] }
            return state.hanging
        }
        for continuation in hanging { continuation.resume() }
    }
}
