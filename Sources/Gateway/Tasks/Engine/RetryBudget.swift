import EventLoop
package import Sound

/// Keeps second tries at a provider to a share of its first ones, so that its outage is not multiplied.
///
/// Every first try earns a fifth of a second one, and so does every second of time; a few are saved. A second try
/// beyond that is not lost but put off, and the deadline of its task bounds how long.
///
/// Pure bookkeeping over monotonic nanoseconds.
package struct RetryBudget: Sendable, Equatable {
    /// What a first try earns, in second tries.
    private static let share = 0.2
    /// What a second earns.
    private static let trickle = 0.2
    private static let savedAtMost = 20.0

    private var saved = 10.0
    private var reckonedAt: UInt64

    /// A budget with something saved, so that a quiet provider's first failures are tried again at once.
    package init(at now: UInt64) { reckonedAt = now }

    /// A first try is made.
    package mutating func earn() { saved = min(saved + Self.share, Self.savedAtMost) }

    /// What is in it at a time.
    package func left(at now: UInt64) -> Double {
        min(saved + Double(now &- min(reckonedAt, now)) / 1e9 * Self.trickle, Self.savedAtMost)
    }

    /// Takes one second try out of the budget.
    ///
    /// - Returns: zero when it may be made now; else how long until it is worth asking again, and nothing was taken.
    package mutating func spend(at now: UInt64) -> Duration {
        let seconds = Double(now &- min(reckonedAt, now)) / 1e9
        saved = min(saved + seconds * Self.trickle, Self.savedAtMost)
        reckonedAt = max(reckonedAt, now)
        // What time has earned in small parts may lack a little of the whole.
        guard saved >= 1 - 1e-9 else { return .seconds((1 - saved) / Self.trickle) }
        saved -= 1
        return .zero
    }

    /// How long a call has to wait before it may join the line; `nil` when it may now, and is paid for.
    ///
    /// What waits for the same comes back scattered.
    package mutating func putOff(_ call: CallRequest, of record: TaskRecord, at now: UInt64) -> Duration? {
        guard call.isSecondTry(in: record) else {
            earn()
            return nil
        }
        let pause = spend(at: now)
        guard pause > .zero else { return nil }
        return pause + pause * (Double(record.id.spread(over: 100, salt: Int(truncatingIfNeeded: now))) / 100)
    }
}

extension CallRequest {
    /// Whether it does again what its own provider has failed to do; a sibling's failure does not make it so.
    fileprivate func isSecondTry(in record: TaskRecord) -> Bool {
        tries > 1
            && record.attempts.contains {
                $0.route == route && $0.tries == tries - 1 && $0.state == .failed
            }
    }
}
