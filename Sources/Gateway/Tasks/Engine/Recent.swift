import EventLoop

/// How one operation has done in the last hour.
///
/// Bounded bookkeeping over monotonic nanoseconds: counts and coarse durations of five minutes each, of which the oldest
/// make room, however many calls there are. The hour moves on in those steps.
package struct Recent: Sendable {
    /// How far back it looks.
    package static let window = Duration.seconds(3600)

    private static let step = Duration.seconds(300)
    private static let steps = 12

    /// What became of a call.
    package enum Outcome: Sendable {
        case succeeded, failed
        /// It says nothing of the provider: canceled, or refused for the caller's own fault.
        case neither
    }

    private struct Slot {
        var step: UInt64
        var succeeded = 0
        var failed = 0
        var neither = 0
        var submits = DurationCounts()
        var turnarounds = DurationCounts()
    }

    /// Oldest first.
    private var slots: [Slot] = []

    /// Nothing has happened yet.
    package init() {}

    /// Takes in how long the vendor took to answer a create.
    package mutating func answered(after span: Duration, at now: UInt64) {
        slots[present(at: now)].submits.add(span)
    }

    /// Takes in how a call ended, and how long it took where that is known.
    package mutating func ended(_ outcome: Outcome, after span: Duration?, at now: UInt64) {
        let place = present(at: now)
        switch outcome {
        case .succeeded:
            slots[place].succeeded += 1
            if let span { slots[place].turnarounds.add(span) }
        case .failed: slots[place].failed += 1
        case .neither: slots[place].neither += 1
        }
    }

    /// What the last hour comes to.
    package func summary(at now: UInt64) -> Summary {
        var sum = Summary()
        for slot in slots where slot.step &+ UInt64(Self.steps) > Self.step(at: now) {
            sum.succeeded += slot.succeeded
            sum.failed += slot.failed
            sum.attempts += slot.succeeded + slot.failed + slot.neither
            sum.submits.add(slot.submits)
            sum.turnarounds.add(slot.turnarounds)
        }
        return sum
    }

    private static func step(at now: UInt64) -> UInt64 { now / step.wholeNanoseconds }

    /// The slot of a time, which is made where there is none; those beyond the hour go.
    private mutating func present(at now: UInt64) -> Int {
        let step = Self.step(at: now)
        if slots.last?.step != step {
            slots.removeAll { $0.step &+ UInt64(Self.steps) <= step }
            slots.append(Slot(step: step))
        }
        return slots.count - 1
    }

    /// What an hour comes to; those of several operations may be added up.
    package struct Summary: Sendable {
        /// Calls that have ended.
        package fileprivate(set) var attempts = 0
        package fileprivate(set) var succeeded = 0
        package fileprivate(set) var failed = 0
        fileprivate var submits = DurationCounts()
        fileprivate var turnarounds = DurationCounts()

        /// Nothing has happened.
        package init() {}

        /// The part that succeeded of those that say something of the provider; `nil` when there are none.
        package var successRate: Double? {
            let told = succeeded + failed
            return told > 0 ? Double(succeeded) / Double(told) : nil
        }

        /// How long vendors took to answer creates, by quantile; `nil` without any.
        package func submit(_ quantile: Double) -> Duration? { submits.quantile(quantile) }

        /// How long calls took that succeeded, by quantile; `nil` without any.
        package func turnaround(_ quantile: Double) -> Duration? { turnarounds.quantile(quantile) }

        package static func += (a: inout Summary, b: Summary) {
            a.attempts += b.attempts
            a.succeeded += b.succeeded
            a.failed += b.failed
            a.submits.add(b.submits)
            a.turnarounds.add(b.turnarounds)
        }
    }
}

/// Durations, each counted in a class that is an eighth wide at most.
struct DurationCounts: Sendable {
    /// By class; milliseconds below eight have one each, and every doubling eight.
    private var counts: [UInt32] = []

    mutating func add(_ span: Duration) {
        let place = Self.place(of: span)
        if counts.count <= place { counts += repeatElement(0, count: place + 1 - counts.count) }
        counts[place] &+= 1
    }

    mutating func add(_ other: DurationCounts) {
        if counts.count < other.counts.count {
            counts += repeatElement(0, count: other.counts.count - counts.count)
        }
        for place in other.counts.indices { counts[place] &+= other.counts[place] }
    }

    /// The duration that a part of all is at most, told as the middle of its class; `nil` without any.
    func quantile(_ part: Double) -> Duration? {
        let total = counts.reduce(0) { $0 + Int($1) }
        guard total > 0 else { return nil }
        let rank = max(1, Int((part * Double(total)).rounded(.up)))
        var seen = 0
        for (place, count) in counts.enumerated() {
            seen += Int(count)
            if seen >= rank { return Self.middle(of: place) }
        }
        return nil
    }

    private static func place(of span: Duration) -> Int {
        // A day is as long as for ever, and bounds the classes.
        let milliseconds = min(max(Int(span / .milliseconds(1)), 0), 86_400_000)
        guard milliseconds >= 8 else { return milliseconds }
        let doublings = Int.bitWidth - milliseconds.leadingZeroBitCount - 4
        return doublings * 8 + milliseconds >> doublings
    }

    private static func middle(of place: Int) -> Duration {
        guard place >= 16 else { return .milliseconds(place) }
        let doublings = place / 8 - 1
        let first = (place % 8 + 8) << doublings
        return .microseconds(first * 1000 + (1000 << doublings) / 2)
    }
}
