package import EventLoop
import Glibc
package import Sound

/// A sense of time: a wall clock for stamps, a monotonic one for waits.
///
/// Tests bring their own and move it by hand.
package protocol Timekeeper: Sendable {
    /// The wall clock, for what is shown and stored.
    var moment: Moment { get }
    /// Monotonic nanoseconds, for what is waited for.
    var instant: UInt64 { get }
    /// Calls `body` on the loop, once, after a span.
    func wake(on loop: EventLoop, after span: Duration, _ body: @escaping @Sendable () -> Void)
}

/// The machine's clocks.
package struct SystemTime: Timekeeper {
    /// The system's time.
    package init() {}

    package var moment: Moment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Moment(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package var instant: UInt64 { monotonicNow() }

    package func wake(on loop: EventLoop, after span: Duration, _ body: @escaping @Sendable () -> Void) {
        loop.execute { _ = loop.schedule(after: span, body) }
    }
}
