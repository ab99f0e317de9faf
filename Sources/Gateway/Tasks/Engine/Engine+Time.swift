import EventLoop
import Sound
import Timing

/// Due times: one heap, and never more wake-ups under way than it takes.
extension Engine {
    func push(_ due: Due, after span: Duration) {
        heap.push(due, due: parts.time.instant &+ span.wholeNanoseconds)
        arm()
    }

    /// Asks to be woken for the first due time, unless a wake-up that comes in time is under way already.
    private func arm() {
        guard let next = heap.firstDue, next < armed.last ?? .max else { return }
        armed.append(next)
        let now = parts.time.instant
        parts.time.wake(on: loop, after: .nanoseconds(next > now ? Int64(clamping: next - now) : 0)) {
            self.assumeIsolated { $0.fire(next) }
        }
    }

    private func fire(_ armedFor: UInt64) {
        armed.removeAll { $0 == armedFor }
        let now = parts.time.instant
        while let time = heap.firstDue, let due = heap.pop(until: now) {
            switch due {
            case .deadline(let id): post(.deadlinePassed, to: id)
            case .slot(let id, let request): queue(id, request)
            case .poll(let id, let attempt, let turn, let isInTurn):
                parts.metrics.polled(late: now &- time)
                poll(id, attempt: attempt, turn: turn, isInTurn: isInTurn)
            case .fetch(let id, let take): fetch(id, take)
            case .waiter(let token): wake(token)
            case .opening(let provider):
                openings[provider] = nil
                grant(provider)
            case .lease: renewLease()
            case .shares(let provider): mindShares(of: provider, isDue: true)
            }
        }
        arm()
    }

    /// Deadlines of tasks that have ended would otherwise fill the heap until they come due.
    func dropStaleDues() {
        guard heap.isMostlyStale(with: live.count) else { return }
        heap.removeAll { due in
            switch due {
            case .deadline(let id), .slot(let id, _), .fetch(let id, _): live[id] == nil
            case .poll(let id, let attempt, let turn, _): live[id]?.polling[attempt]?.turn != turn
            case .waiter(let token): waiters[token] == nil
            case .opening, .lease, .shares: false
            }
        }
    }

    /// Suspends for a span of the engine's own time.
    func sleep(_ span: Duration) async {
        let token = newToken()
        await withCheckedContinuation { continuation in
            waiters[token] = Waiter(task: TaskID(rawValue: ""), continuation: continuation)
            // Only now: a wait that comes due before somebody waits would wake nobody.
            push(.waiter(token), after: span)
        }
    }

    func newToken() -> Int {
        lastToken += 1
        return lastToken
    }

    func wake(_ token: Int) {
        guard let waiter = waiters.removeValue(forKey: token) else { return }
        waitersOf[waiter.task]?.removeAll { $0 == token }
        stopListening(token, to: waiter.task)
        waiter.continuation.resume()
    }

    func stopListening(_ token: Int, to id: TaskID) {
        listeners[id]?.removeAll { $0 == token }
        if listeners[id]?.isEmpty == true { listeners[id] = nil }
    }
}
