import EventLoop
import Sound
import Support
import Tasks
import Threads
import Timing

/// A clock that jumps over short waits at once and stands still before long ones until it is moved.
///
/// Polls and pauses take no time, deadlines come when the test says so.
final class DreamTime: Timekeeper {
    private struct Wait {
        let due: UInt64
        let loop: EventLoop
        let body: @Sendable () -> Void
    }

    private struct State {
        var instant: UInt64 = 1_000_000_000
        var held: [Wait] = []
        var asked = 0
    }

    private let state = Guarded(State())
    private let patience: UInt64
    /// How many waits have been too long to jump over.
    let longWaits = Observed(0)

    /// A clock that jumps over waits of up to so many seconds.
    init(jumping seconds: UInt64 = 45) { patience = seconds * 1_000_000_000 }

    var instant: UInt64 { state.withLock { $0.instant } }
    var moment: Moment { start.advanced(by: .nanoseconds(Int64(instant - 1_000_000_000))) }
    /// How many wake-ups were asked for.
    var asked: Int { state.withLock { $0.asked } }

    func wake(on loop: EventLoop, after span: Duration, _ body: @escaping @Sendable () -> Void) {
        let wait = UInt64(max(0, span / .nanoseconds(1)))
        let due = state.withLock { state in
            state.asked += 1
            let own = Wait(due: state.instant + wait, loop: loop, body: body)
            guard wait <= patience else {
                state.held.append(own)
                longWaits.change { $0 += 1 }
                return [Wait]()
            }
            state.instant += wait
            // Short waits may add up to a long one.
            let now = state.instant
            let passed = state.held.filter { $0.due <= now }.sorted { $0.due < $1.due }
            state.held.removeAll { $0.due <= now }
            return passed + [own]
        }
        for wait in due { wait.loop.execute(wait.body) }
    }

    /// Lets go of those who wait: they hold the engine, which holds this clock.
    func forget() { state.withLock { $0.held = [] } }

    /// Moves the clock and wakes who waited until then.
    func advance(by seconds: UInt64) {
        let due = state.withLock { state in
            state.instant += seconds * 1_000_000_000
            let now = state.instant
            let due = state.held.filter { $0.due <= now }.sorted { $0.due < $1.due }
            state.held.removeAll { $0.due <= now }
            return due
        }
        for wait in due { wait.loop.execute(wait.body) }
    }
}
