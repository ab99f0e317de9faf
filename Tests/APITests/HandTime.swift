import EventLoop
import Sound
import Threads
import Timing

/// A time that passes when a test says so, from now on.
final class HandTime: Timekeeper {
    private let passed = Guarded(Duration.zero)
    private let began: (moment: Moment, instant: UInt64)

    init(_ moment: Moment = SystemTime().moment) { began = (moment, SystemTime().instant) }

    var moment: Moment { began.moment.advanced(by: passed.withLock { $0 }) }
    var instant: UInt64 { began.instant + UInt64(passed.withLock { $0 } / .nanoseconds(1)) }

    func pass(_ span: Duration) { passed.withLock { $0 += span } }

    func wake(on loop: EventLoop, after span: Duration, _ body: @escaping @Sendable () -> Void) {
        SystemTime().wake(on: loop, after: span, body)
    }
}
