package import EventLoop
package import Sound
import Synchronization

/// The machine's clocks, with a wall clock that is set by another one which several machines share.
///
/// What one of them stamps, another compares: by its own clock each would be early or late by their difference.
package final class SharedTime: Timekeeper {
    private let system = SystemTime()
    /// What the other clock is ahead, in milliseconds.
    private let ahead = Atomic<Int64>(0)

    /// The machine's time, until something else is known.
    package init() {}

    /// Goes by another clock that is so far ahead of the machine's.
    package func set(aheadBy span: Duration) {
        let (seconds, attoseconds) = span.components
        ahead.store(seconds * 1000 + attoseconds / 1_000_000_000_000_000, ordering: .relaxed)
    }

    /// What the other clock is ahead of the machine's.
    package var isAheadBy: Duration { .milliseconds(ahead.load(ordering: .relaxed)) }

    package var moment: Moment { system.moment.advanced(by: isAheadBy) }
    package var instant: UInt64 { system.instant }

    package func wake(on loop: EventLoop, after span: Duration, _ body: @escaping @Sendable () -> Void) {
        system.wake(on: loop, after: span, body)
    }
}
