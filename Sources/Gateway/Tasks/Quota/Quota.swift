package import Sound
package import Timing

/// What a client may have within a day or a month.
package struct Quota: Sendable, Equatable {
    /// A stretch of the calendar, in UTC.
    package enum Period: String, Sendable, CaseIterable {
        case day, month

        /// The period that a day belongs to.
        package func days(around day: CalendarDay) -> Range<CalendarDay> {
            switch self {
            case .day: day..<day.next
            case .month: day.month
            }
        }
    }

    /// The most of one meter within one period.
    package struct Limit: Sendable, Equatable {
        package let period: Period
        package let meter: Meter
        /// Whole units; zero for none at all.
        package let most: Int

        /// A limit from its parts.
        package init(_ most: Int, _ meter: Meter, per period: Period) {
            self.most = most
            self.meter = meter
            self.period = period
        }

        /// As it stands in the configuration: `month.suno/credits`.
        package var name: String {
            "\(period.rawValue).\(meter.provider.map { "\($0)/" } ?? "")\(meter.unit)"
        }

        package var millionths: Int64 { Int64(most) * Charge.one }
    }

    /// In the order in which they are shown.
    package var limits: [Limit]
    /// Whether anything is refused; otherwise it is only counted.
    package var isEnforced: Bool

    /// No limit at all, unless given.
    package init(_ limits: [Limit] = [], isEnforced: Bool = true) {
        self.limits = limits
        self.isEnforced = isEnforced
    }
}

/// What was taken on one day of one meter.
package struct Tally: Sendable, Equatable {
    package let day: CalendarDay
    package let meter: Meter
    package let millionths: Int64

    /// A row of the ledger.
    package init(day: CalendarDay, meter: Meter, millionths: Int64) {
        self.day = day
        self.meter = meter
        self.millionths = millionths
    }
}

/// A limit that something would go beyond.
package struct QuotaExcess: Sendable, Equatable {
    package let limit: Quota.Limit
    /// Taken and reserved in the period, in millionths.
    package let used: Int64
    /// What would come to it, in millionths.
    package let asked: Int64
    /// When the next period begins.
    package let opensAt: Moment

    /// An excess from its parts.
    package init(limit: Quota.Limit, used: Int64, asked: Int64, opensAt: Moment) {
        self.limit = limit
        self.used = used
        self.asked = asked
        self.opensAt = opensAt
    }
}
