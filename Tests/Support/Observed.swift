import Threads

/// A value that can be waited for.
package final class Observed<Value: Sendable>: Sendable {
    private struct Watcher {
        let wants: @Sendable (Value) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var value: Value
        var watchers: [Watcher] = []
    }

    private let state: Guarded<State>

    /// A value to begin with.
    package init(_ value: Value) { state = Guarded(State(value: value)) }

    /// The value now.
    package var value: Value { state.withLock { $0.value } }

    /// Changes the value and wakes those that wanted it so.
    package func change(_ body: (inout Value) -> Void) {
        let pleased = state.withLock { state in
            body(&state.value)
            let value = state.value
            let pleased = state.watchers.filter { $0.wants(value) }
            state.watchers.removeAll { $0.wants(value) }
            return pleased
        }
        for watcher in pleased { watcher.continuation.resume() }
    }

    /// Returns when the value is as wanted.
    package func until(_ wants: @escaping @Sendable (Value) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isPleased = state.withLock { state in
                if wants(state.value) { return true }
                state.watchers.append(Watcher(wants: wants, continuation: continuation))
                return false
            }
            if isPleased { continuation.resume() }
        }
    }
}
