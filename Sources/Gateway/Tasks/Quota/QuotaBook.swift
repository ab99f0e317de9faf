package import Sound
import Synchronization
import Threads
import Timing

/// Every client's quota, and what is known of how much of it is taken.
///
/// The ledger counts and decides; this only remembers what it was last told, so that answers can say what is left. It
/// lives as long as the process: the quotas may be replaced, what was counted stays.
package final class QuotaBook: Sendable {
    /// One client's page.
    private final class Page: Sendable {
        let known = Guarded<(reading: Int, tallies: [Tally])>((0, []))
        /// Counts the readings, so that one which took longer does not replace a later one.
        let readings = Atomic(0)
        /// The ledger has changed since it was last read.
        let isStale = Atomic(true)
        /// The month that was read.
        let month = Atomic<Int64>(.min)
    }

    private struct State {
        var quotas: [String: Quota] = [:]
        /// The most unfinished tasks, where the ledger is to see to it.
        var unfinished: [String: Int] = [:]
        var pages: [String: Page] = [:]
    }

    private let state = Guarded(State())

    /// A book without quotas.
    package init() {}

    /// Replaces the quotas, by the clients' names, and the most unfinished tasks that the ledger is to let clients have.
    package func set(_ quotas: [String: Quota], unfinished: [String: Int] = [:]) {
        state.withLock { state in
            state.unfinished = unfinished
            state.quotas = quotas.filter { !$0.value.limits.isEmpty }
            for name in state.quotas.keys where state.pages[name] == nil { state.pages[name] = Page() }
        }
    }

    /// What the ledger is to hold a client to; nothing for one whose quota is only watched.
    package func limits(of client: String?) -> [Quota.Limit] {
        guard let client, let quota = state.withLock({ $0.quotas[client] }), quota.isEnforced else {
            return []
        }
        return quota.limits
    }

    /// What the ledger is to hold a client's new task to.
    package func bounds(of client: String?) -> ClientBounds {
        ClientBounds(
            quota: limits(of: client),
            unfinished: client.flatMap { name in state.withLock { $0.unfinished[name] } }
        )
    }

    /// Something was taken or given back.
    func changed(_ client: String?) {
        guard let client, let page = state.withLock({ $0.pages[client] }) else { return }
        page.isStale.store(true, ordering: .releasing)
    }

    /// How much of each limit is taken, in millionths; empty for a client without a quota.
    ///
    /// Asks the ledger only when something has changed. What it told last stands while it cannot be asked.
    package func standing(of client: String, at now: Moment, in ledger: any Ledger) async -> [QuotaStanding] {
        guard
            let (quota, page) = state.withLock({ state in
                state.quotas[client].flatMap { quota in state.pages[client].map { (quota, $0) } }
            })
        else { return [] }
        let today = CalendarDay(now)
        let month = today.month
        let isNewMonth =
            page.month.exchange(month.lowerBound.number, ordering: .relaxed) != month.lowerBound.number
        // Marked first: what changes while it is read makes it stale again.
        let isStale = page.isStale.exchange(false, ordering: .acquiringAndReleasing)
        if isStale || isNewMonth {
            do throws(LedgerError) {
                let reading = page.readings.wrappingAdd(1, ordering: .relaxed).newValue
                let tallies = try await ledger.tallies(of: client, since: month.lowerBound)
                page.known.withLock { if reading > $0.reading { $0 = (reading, tallies) } }
            } catch {
                page.isStale.store(true, ordering: .releasing)
            }
        }
        let tallies = page.known.withLock { $0.tallies }
        return quota.limits.map { limit in
            let days = limit.period.days(around: today)
            let used = tallies.reduce(0) { sum, tally in
                days.contains(tally.day) && limit.meter.covers(tally.meter) ? sum + tally.millionths : sum
            }
            return QuotaStanding(limit: limit, used: used, days: days, now: now)
        }
    }
}

/// How much of a limit is taken.
package struct QuotaStanding: Sendable, Equatable {
    package let limit: Quota.Limit
    /// Taken and reserved, in millionths.
    package let used: Int64
    /// Whole units that are left.
    package let remaining: Int
    /// How long the period is.
    package let window: Duration
    /// Until the next period begins.
    package let reset: Duration

    init(limit: Quota.Limit, used: Int64, days: Range<CalendarDay>, now: Moment) {
        self.limit = limit
        self.used = used
        remaining = Int(max(limit.millionths - used, 0) / Charge.one)
        let end = days.upperBound.start.milliseconds
        window = .milliseconds(end - days.lowerBound.start.milliseconds)
        reset = .milliseconds(max(end - now.milliseconds, 0))
    }

    /// Whether more is taken than there is.
    package var isExceeded: Bool { used > limit.millionths }
}
