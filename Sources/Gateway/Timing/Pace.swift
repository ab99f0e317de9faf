/// So many within a time, refilled evenly: the generic cell rate algorithm.
///
/// Pure. All that has to be remembered is one number, the monotonic time in nanoseconds at which nothing will be in use
/// any more; zero stands for a fresh start. A burst may use everything at once.
package struct Pace: Sendable, Equatable {
    /// The most at once.
    package let count: Int
    /// The time in which all of it comes back.
    package let per: Duration
    /// How long one takes to come back; rounded up, so that never more than `count` come within `per`.
    private let interval: UInt64

    /// So many within so long; both above zero.
    package init(count: Int, per: Duration) {
        self.count = max(count, 1)
        self.per = per
        let whole = UInt64(max(per / .nanoseconds(1), 1))
        interval = (whole + UInt64(self.count) - 1) / UInt64(self.count)
    }

    /// How things stand at a time.
    package struct Standing: Sendable, Equatable {
        /// What is to be remembered.
        package let quietAt: UInt64
        /// How many more may come at once.
        package let remaining: Int
        /// Until all of it is there again.
        package let reset: Duration
        /// Until one may come; `nil` when it may, or has.
        package let wait: Duration?

        /// A standing from its parts.
        package init(quietAt: UInt64, remaining: Int, reset: Duration, wait: Duration?) {
            self.quietAt = quietAt
            self.remaining = remaining
            self.reset = reset
            self.wait = wait
        }
    }

    /// Takes one, or says how long until there is one.
    package func take(_ quietAt: UInt64, at now: UInt64) -> Standing {
        let before = look(quietAt, at: now)
        guard before.wait == nil else { return before }
        let after = look(max(quietAt, now) &+ interval, at: now)
        return Standing(quietAt: after.quietAt, remaining: after.remaining, reset: after.reset, wait: nil)
    }

    /// How things stand, with nothing taken.
    package func look(_ quietAt: UInt64, at now: UInt64) -> Standing {
        let most = interval * UInt64(count)
        // Never further off than a change of the rate leaves possible.
        let used = min(quietAt > now ? quietAt - now : 0, most)
        let remaining = Int((most - used) / interval)
        return Standing(
            quietAt: now &+ used,
            remaining: remaining,
            reset: .nanoseconds(Int64(clamping: used)),
            wait: remaining > 0 ? nil : .nanoseconds(Int64(clamping: used + interval - most))
        )
    }
}
