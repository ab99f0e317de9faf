import Sound
import Testing

/// One thing that goes wrong, once, at one step of a life.
struct StepFault: Hashable, Sendable {
    /// Where a step is: each call to the ledger is one, and each exchange with a vendor.
    enum Side: String, Sendable { case ledger, line }

    enum Mishap: Hashable, Sendable {
        /// An error; `after` the call took effect all the same.
        case fails
        /// No answer until the process is stopped and another one goes on.
        case hangs
        /// No answer until the task's deadline has passed.
        case late
        /// The process ends there and then, and another one goes on.
        case dies
        /// No connection.
        case refused
        /// The connection breaks.
        case cut
        /// No answer for as long as anybody waits for one.
        case silent
        /// The folder of the audio is gone until the next step.
        case folderless
        /// The wall clock jumps.
        case jumps(WallClock.Jump)
        /// The process ends, and the clock jumps before another one goes on.
        case diesAndJumps(WallClock.Jump)
    }

    /// How far a step has come: before anything of it has taken effect, when that is so and nobody knows it yet, and when
    /// its answer has been read.
    enum Point: String, Sendable { case before, after, answered }

    let side: Side
    let mishap: Mishap
    let point: Point
    /// From 1.
    var step = 1

    func at(_ step: Int) -> StepFault { StepFault(side: side, mishap: mishap, point: point, step: step) }

    /// Whether another process goes on.
    var isRestart: Bool {
        switch mishap {
        case .hangs, .dies, .diesAndJumps: true
        default: false
        }
    }
}

extension StepFault {
    private static func faults(_ side: Side, _ mishaps: [(Mishap, [Point])]) -> [StepFault] {
        mishaps.flatMap { mishap, points in
            points.map { StepFault(side: side, mishap: mishap, point: $0) }
        }
    }

    /// Each way in which a step goes wrong, at the first step.
    static let all =
        faults(
            .ledger,
            [
                (.fails, [.before, .after]), (.hangs, [.before, .after]), (.late, [.before, .after]),
                (.dies, [.before, .after]), (.folderless, [.after]),
            ]
        )
        + faults(
            .line,
            [
                (.refused, [.before]), (.cut, [.before, .after]), (.silent, [.before, .after]),
                (.late, [.after]), (.dies, [.before, .after, .answered]), (.folderless, [.answered]),
            ]
        )

    /// The wall clock jumps at each step, and across each restart.
    static let jumps = WallClock.Jump.allCases.flatMap { jump in
        faults(
            .ledger,
            [(.jumps(jump), [.before]), (.diesAndJumps(jump), [.before, .after])]
        ) + faults(.line, [(.jumps(jump), [.after])])
    }
}

extension StepFault: CustomStringConvertible, CustomTestStringConvertible {
    var testDescription: String {
        let word =
            switch mishap {
            case .jumps(let jump): "clock: \(jump)"
            case .diesAndJumps(let jump): "dies, clock: \(jump)"
            default: "\(mishap)"
            }
        return "\(side.rawValue), \(word), \(point.rawValue)"
    }

    var description: String { "\(testDescription) step \(step)" }
}
