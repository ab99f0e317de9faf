import EventLoop

/// When a gateway asks for its part of a shared key: for what its line needs, and to give back what lies idle.
///
/// Pure bookkeeping over monotonic nanoseconds; what a question comes to is ``KeyDivision``'s.
package struct Sharing: Sendable {
    /// What a look at a key's places comes to.
    package enum Look: Sendable, Equatable {
        case leave
        /// Places lie idle: to be looked at again when they have for a while.
        case lookAgain(after: Duration)
        /// To be asked now, for so many in all.
        case ask(wanting: Int)
    }

    /// What the others are to be told, and how long until the next question.
    package struct Answer: Sendable, Equatable {
        /// Places were given back.
        package let isFreed: Bool
        /// There were fewer than are wanted.
        package let isWanted: Bool
        package let pause: Duration
    }

    /// How long places lie idle before they are given back without being wanted.
    private static let idleTerm = Duration.seconds(2)
    /// How long whoever got fewer places than it wants waits before it asks again without a word from others.
    package static let patience = Duration.seconds(1)
    /// How long whoever gave places back for others leaves them to those.
    private static let courtesy = Duration.milliseconds(100)

    package private(set) var isAsking = false
    /// Starts are being reserved.
    package var isReserving = false
    /// Others have fewer places than they want.
    package var othersWant = false
    /// How many places were wanted when it was last asked.
    private var told = 0
    /// The last question had no answer: the ledger may have it otherwise.
    private var isUnsure = false
    /// Not asked again before, in monotonic nanoseconds.
    private var notBefore: UInt64 = 0
    /// Since when places lie idle.
    private var idleSince: UInt64?
    /// No starts are reserved before, in monotonic nanoseconds.
    private var reservesNotBefore: UInt64 = 0

    /// Nothing has been asked.
    package init() {}

    /// Looks whether there are too few places for a line of such a depth, or too many; `isDue` when there is a reason to
    /// ask that does not wait for its time.
    package mutating func look(
        at stake: SlotQueue.Stake,
        depth: Int,
        isDue: Bool,
        at now: UInt64
    ) -> Look {
        if isDue { notBefore = 0 }
        guard !isAsking else { return .leave }
        let wanting = max(stake.used, min(stake.capacity, stake.used + depth))
        // Others leave places to those who want some: who wants no more must say so.
        let isContent = told > stake.share && wanting <= stake.share
        if wanting <= stake.share, !isContent, !isUnsure {
            let idle = idle(stake, wanting, at: now)
            guard case .ask = idle else { return idle }
        }
        return now >= notBefore ? .ask(wanting: wanting) : .leave
    }

    /// Whether places are to be given back: those that others want at once, others when they have been idle for a while.
    private mutating func idle(_ stake: SlotQueue.Stake, _ wanting: Int, at now: UInt64) -> Look {
        guard stake.share > stake.used else {
            idleSince = nil
            return .leave
        }
        if othersWant { return .ask(wanting: wanting) }
        guard stake.share > wanting else {
            idleSince = nil
            return .leave
        }
        guard let since = idleSince else {
            idleSince = now
            return .lookAgain(after: Self.idleTerm)
        }
        return now &- since < Self.idleTerm.wholeNanoseconds ? .leave : .ask(wanting: wanting)
    }

    /// The question goes out.
    package mutating func ask(wanting: Int) {
        isAsking = true
        told = wanting
    }

    /// Takes in what the gateway may have from now on; `before` is what it had.
    package mutating func answered(_ share: KeyShare, before: Int, wanting: Int) -> Answer {
        let wasGiven = share.places < before
        isAsking = false
        isUnsure = false
        othersWant = share.othersWant
        idleSince = nil
        return Answer(
            isFreed: wasGiven,
            isWanted: share.places < wanting && !wasGiven,
            pause: wasGiven && share.othersWant ? Self.courtesy : Self.patience
        )
    }

    /// Takes in that there was no answer; the result is how long until the next question.
    package mutating func unanswered() -> Duration {
        isAsking = false
        isUnsure = true
        return Self.patience
    }

    /// Whether it is to be looked at again after a pause, because something is still to be asked or given.
    package mutating func settle(
        _ stake: SlotQueue.Stake?,
        depth: Int,
        after pause: Duration,
        at now: UInt64
    ) -> Bool {
        let lacks = stake.map { $0.share < min($0.capacity, $0.used + depth) } ?? false
        guard lacks || isUnsure || othersWant else { return false }
        notBefore = now &+ pause.wholeNanoseconds
        return true
    }

    /// How many starts with a key are to be reserved, where its rate is shared: as many as the line can use.
    package func startsWanted(_ stake: SlotQueue.Stake, depth: Int, at now: UInt64) -> Int {
        guard let rate = stake.rate, !isReserving, now >= reservesNotBefore else { return 0 }
        return max(0, min(depth, rate.count) - stake.permits)
    }

    /// Takes in reserved starts, and returns those that hold, with a pause until the next question where none does.
    ///
    /// Then the question took longer than a start holds. Asked again at once, it would reserve what is void again, and keep
    /// everybody else waiting for the key as well.
    package mutating func reserved(
        _ starts: [Duration],
        rate: (count: Int, nanoseconds: UInt64),
        asked: UInt64,
        answered: UInt64
    ) -> (permits: [SlotQueue.Permit], pause: Duration?) {
        isReserving = false
        let permits = Self.permits(starts, rate: rate, asked: asked, answered: answered)
        guard permits.isEmpty, !starts.isEmpty else { return (permits, nil) }
        reservesNotBefore = answered &+ Self.patience.wholeNanoseconds
        return ([], Self.patience)
    }

    /// Reserved starts as permits, reckoned from both ends of the question: the ledger's moment lies between them.
    private static func permits(
        _ starts: [Duration],
        rate: (count: Int, nanoseconds: UInt64),
        asked: UInt64,
        answered: UInt64
    ) -> [SlotQueue.Permit] {
        let hold = KeyStart.hold(per: .nanoseconds(Int64(clamping: rate.nanoseconds))).wholeNanoseconds
        return starts.map { start in
            let span = start.wholeNanoseconds
            return SlotQueue.Permit(from: answered &+ span, until: asked &+ span &+ hold)
        }
        .filter { $0.from < $0.until }
    }
}
