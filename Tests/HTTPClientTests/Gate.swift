import Threads

/// A door between a test and its peer: closed until `open`, then open for good.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Guarded(State())
    /// Closing a queue wakes the threads that wait at it.
    private let blocked = JobQueue()

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        blocked.close()
        for waiter in waiters { waiter.resume() }
    }

    /// For tasks.
    func passed() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    /// For the peer's threads.
    func block() {
        _ = blocked.next()
    }
}
