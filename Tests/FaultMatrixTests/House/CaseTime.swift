import EventLoop
import Glibc
import Sound
import Tasks
import Threads
import Timing

/// The one time of a case, for the engine and for the doubles: it moves only when somebody waits for it.
///
/// Short waits take none: the clock jumps over them. It stands still before long ones, such as a task's deadline and an
/// answer that never comes, until it is moved.
final class CaseTime: Timekeeper, Clock {
    struct Instant: InstantProtocol {
        var offset: Duration = .zero

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Alarm {
        let due: UInt64
        let loop: EventLoop
        let body: @Sendable () -> Void
    }

    private struct State {
        var nanoseconds: UInt64 = 1_000_000_000
        var alarms: [Alarm] = []
        var sleepers: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastSleeper = 0
    }

    /// The longest wait that is jumped over, in nanoseconds.
    private static let patience: UInt64 = 120_000_000_000

    private let state = Guarded(State())
    private let start = SystemTime().moment

    var instant: UInt64 { state.withLock { $0.nanoseconds } }
    var moment: Moment { start.advanced(by: .nanoseconds(Int64(instant))) }
    var now: Instant { Instant(offset: .nanoseconds(Int64(instant))) }
    var minimumResolution: Duration { .nanoseconds(1) }

    // MARK: The engine's

    func wake(on loop: EventLoop, after span: Duration, _ body: @escaping @Sendable () -> Void) {
        let wait = UInt64(max(0, span / .nanoseconds(1)))
        let alarm = state.withLock { state in
            Alarm(due: state.nanoseconds + wait, loop: loop, body: body)
        }
        guard wait <= Self.patience else { return state.withLock { $0.alarms.append(alarm) } }
        move(by: wait)
        loop.execute(body)
    }

    /// Moves the clock and wakes those of the engine's who waited until then.
    func advance(by span: Duration) { move(by: UInt64(span / .nanoseconds(1))) }

    /// Who has waited long enough that the rest may be jumped over is woken too, and waits for the rest anew.
    private func move(by nanoseconds: UInt64) {
        let due = state.withLock { state in
            state.nanoseconds += nanoseconds
            let soon = state.nanoseconds + Self.patience
            let due = state.alarms.filter { $0.due <= soon }.sorted { $0.due < $1.due }
            state.alarms.removeAll { $0.due <= soon }
            return due
        }
        for alarm in due { alarm.loop.execute(alarm.body) }
    }

    // MARK: The doubles'

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let due = UInt64(max(0, deadline.offset / .nanoseconds(1)))
        let sleeper: Int? = state.withLock { state in
            guard due > state.nanoseconds + Self.patience else {
                state.nanoseconds = max(state.nanoseconds, due)
                return nil
            }
            state.lastSleeper += 1
            return state.lastSleeper
        }
        guard let sleeper else { return }
        // Too long to be jumped over: ends when the one who asked has gone.
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if !Task.isCancelled { state.sleepers[sleeper] = continuation }
                    return Task.isCancelled
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: sleeper) }?.resume()
        }
        try Task.checkCancellation()
    }

    /// Lets go of all who wait: they hold the engine, which holds this clock.
    func forget() {
        let sleepers = state.withLock { state in
            state.alarms = []
            defer { state.sleepers = [:] }
            return state.sleepers.values.map { $0 }
        }
        for sleeper in sleepers { sleeper.resume() }
    }
}
