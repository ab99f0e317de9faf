import EventLoop
import Telemetry
import Threads

/// Measures how late a loop gets to what has its time, once a second.
///
/// A loop that is kept by something (a long computation, a file) is late for everything else. A timer is up to a
/// millisecond late on an idle loop, as that is their precision.
///
/// Everything happens on the loop; that is the reason for `@unchecked Sendable`.
final class LoopProbe: @unchecked Sendable {
    private let loop: EventLoop
    private let lag: Histogram
    private static let pause: UInt64 = 1_000_000_000

    /// A probe of a loop, which begins at once and ends with the loop.
    init(_ loop: EventLoop, _ lag: Histogram) {
        self.loop = loop
        self.lag = lag
        loop.execute { self.schedule() }
    }

    private func schedule() {
        let due = monotonicNow() + Self.pause
        _ = loop.schedule(at: due) { [self] in
            lag.observe(nanoseconds: monotonicNow() - due)
            schedule()
        }
    }
}
