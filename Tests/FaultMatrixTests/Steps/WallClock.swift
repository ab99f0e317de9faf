import EventLoop
import Sound
import Tasks
import Timing
import Threads

/// A wall clock that is set forward and back while the time itself goes on as before.
final class WallClock: Sendable {
    enum Jump: String, CaseIterable, Sendable {
        case hourForward = "+1 h"
        case hourBack = "-1 h"
        case dayForward = "+1 d"
        case dayBack = "-1 d"
        case to1970 = "1970"
        case to2100 = "2100"

        var isForward: Bool { self == .hourForward || self == .dayForward || self == .to2100 }
    }

    private let time: CaseTime
    private let milliseconds = Guarded<Int64>(0)

    init(_ time: CaseTime) { self.time = time }

    var moment: Moment { Moment(milliseconds: time.moment.milliseconds + milliseconds.withLock { $0 }) }

    func jump(_ jump: Jump) {
        let now = moment.milliseconds
        let change: Int64 =
            switch jump {
            case .hourForward: 3_600_000
            case .hourBack: -3_600_000
            case .dayForward: 86_400_000
            case .dayBack: -86_400_000
            case .to1970: 1000 - now
            case .to2100: 4_102_444_800_000 - now
            }
        milliseconds.withLock { $0 += change }
    }
}

extension WallClock.Jump: CustomStringConvertible {
    var description: String { rawValue }
}

/// The time of one process: when it is dead nothing wakes it any more.
struct ProcessTime: Timekeeper {
    let time: CaseTime
    let wall: WallClock
    let process: StepProcess

    var moment: Moment { wall.moment }
    var instant: UInt64 { time.instant }

    func wake(on loop: EventLoop, after span: Duration, _ body: @escaping @Sendable () -> Void) {
        time.wake(on: loop, after: span) { [process] in
            if !process.isDead { body() }
        }
    }
}
