import EventLoop
import Sound
import Threads
import Timing

/// A clock that stands still until it is moved.
final class ManualTime: Timekeeper {
    private struct Wait {
        let due: UInt64
        let loop: EventLoop
        let body: @Sendable () -> Void
    }

    private struct State {
        var instant: UInt64 = 1_000_000_000
        var waits: [Wait] = []
        var shift = Duration.zero
    }

    private let state = Guarded(State())
    /// Its wall clock at the beginning.
    static let start = Moment(milliseconds: 1_700_000_000_000)

    var instant: UInt64 { state.withLock { $0.instant } }
    var moment: Moment {
        let (instant, shift) = state.withLock { ($0.instant, $0.shift) }
        return Self.start.advanced(by: .nanoseconds(Int64(instant - 1_000_000_000)) + shift)
    }

    /// Sets the wall clock, and only that.
    func shift(by span: Duration) { state.withLock { $0.shift += span } }

    /// The next time at which somebody is woken.
    var next: Moment? {
        state.withLock { $0.waits.map(\.due).min() }.map {
            Self.start.advanced(by: .nanoseconds(Int64($0 - 1_000_000_000)))
        }
    }

    func wake(on loop: EventLoop, after span: Duration, _ body: @escaping @Sendable () -> Void) {
        guard span > .zero else { return loop.execute(body) }
        let wait = UInt64(span / .nanoseconds(1))
        state.withLock { $0.waits.append(Wait(due: $0.instant + wait, loop: loop, body: body)) }
    }

    /// Moves the clock and wakes who waited until then.
    func advance(by span: Duration) {
        let due = state.withLock { state in
            state.instant += UInt64(span / .nanoseconds(1))
            let now = state.instant
            let due = state.waits.filter { $0.due <= now }.sorted { $0.due < $1.due }
            state.waits.removeAll { $0.due <= now }
            return due
        }
        for wait in due { wait.loop.execute(wait.body) }
    }

    /// Lets go of those who wait.
    func forget() { state.withLock { $0.waits = [] } }
}
