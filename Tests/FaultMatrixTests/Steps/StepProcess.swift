import Threads

/// A gateway's process as far as a case can have one: dead, nothing that it began takes effect any more.
///
/// Whatever a dead process asks for waits until the case is over, and fails then.
final class StepProcess: Sendable {
    private struct State {
        var isDead = false
        var isOver = false
        var parked: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Guarded(State())

    var isDead: Bool { state.withLock { $0.isDead } }

    func die() { state.withLock { $0.isDead = true } }

    /// Returns at once while the process lives, and `false` when the case is over and it does not.
    func goesOn() async -> Bool {
        guard isDead else { return true }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.parked.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
        return false
    }

    /// Lets go of everything that waits.
    func forget() {
        let parked = state.withLock { state in
            state.isDead = true
            state.isOver = true
            defer { state.parked = [] }
            return state.parked
        }
        for continuation in parked { continuation.resume() }
    }
}
