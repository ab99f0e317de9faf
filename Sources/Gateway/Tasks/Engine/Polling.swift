import EventLoop
package import Providers

/// When an attempt's vendor is asked next: by its pace, or sooner when it says that there may be news.
///
/// Pure bookkeeping over monotonic nanoseconds.
package struct Polling: Sendable, Equatable {
    /// Between two questions about a job, whatever its vendor hints.
    private static let leastPause = Duration.seconds(1)
    /// The longest pause that a vendor can ask for.
    private static let longestWish = Duration.seconds(300)
    /// For a provider that is configured no longer.
    private static let usualPace = PollPace(first: .seconds(10), ceiling: .seconds(30))

    /// Questions so far.
    package var count: Int
    /// Refusals in a row.
    package var refused: Int
    /// The turn that is next; dues of earlier ones are void.
    package var turn: Int
    /// The vendor said by itself that there may be news, and has not been asked since.
    package var isHinted: Bool
    /// When it was asked last, in monotonic nanoseconds.
    package var askedAt: UInt64?

    /// How an attempt stands that was or was not asked for before.
    package init(
        count: Int = 0,
        refused: Int = 0,
        turn: Int = 0,
        isHinted: Bool = false,
        askedAt: UInt64? = nil
    ) {
        self.count = count
        self.refused = refused
        self.turn = turn
        self.isHinted = isHinted
        self.askedAt = askedAt
    }

    /// Sets the next question; an earlier one that is not asked yet is void.
    ///
    /// - Parameters:
    ///   - pace: the vendor's; `nil` when it is configured no longer.
    ///   - eta: what the vendor expects.
    ///   - least: what the vendor wants to be left alone for.
    ///   - jitter: by chance, in 0..<1.
    ///   - now: monotonic nanoseconds.
    /// - Returns: the wait.
    package mutating func next(
        by pace: PollPace?,
        eta: Duration?,
        atLeast least: Duration?,
        jitter: Double,
        at now: UInt64
    ) -> Duration {
        var wait = (pace ?? Self.usualPace).wait(beforePoll: count, eta: eta, jitter: jitter)
        if isHinted { wait = min(wait, pauseAfterHint(at: now)) }
        count += 1
        turn += 1
        return max(wait, min(least ?? .zero, Self.longestWish))
    }

    /// The vendor says that there may be news; returns how long until it is asked, and `nil` when that is settled already.
    ///
    /// The hint stands until the question is asked. What is being stored meanwhile sets the next question anew, and
    /// must not put it off.
    package mutating func hint(mayAsk: Bool, at now: UInt64) -> Duration? {
        let isSettled = !mayAsk || isHinted
        isHinted = true
        guard !isSettled else { return nil }
        turn += 1
        return pauseAfterHint(at: now)
    }

    /// The question goes out.
    package mutating func ask(at now: UInt64) {
        askedAt = now
        isHinted = false
    }

    private func pauseAfterHint(at now: UInt64) -> Duration {
        guard let askedAt else { return .zero }
        let (since, least) = (now &- askedAt, Self.leastPause.wholeNanoseconds)
        return since >= least ? .zero : .nanoseconds(Int64(least - since))
    }
}
