package import Sound

/// Which usage is asked for, and how finely.
package struct UsageQuery: Sendable, Equatable {
    /// What is added up into one line.
    package enum Interval: String, Sendable, CaseIterable { case hour, day, month, total }

    /// The most lines that are told at once.
    package static let mostLines = 10_000

    package var owner: TaskQuery.Owner
    /// Every provider unless given.
    package var provider: String?
    /// Hours since 1970 in which tasks were created.
    package var hours: Range<Int64>
    package var interval: Interval

    /// The usage of an owner over some hours.
    package init(owner: TaskQuery.Owner, hours: Range<Int64>, by interval: Interval = .day) {
        self.owner = owner
        self.hours = hours
        self.interval = interval
    }

    /// The hour of a moment, since 1970.
    package static func hour(of moment: Moment) -> Int64 {
        let (hours, rest) = moment.milliseconds.quotientAndRemainder(dividingBy: milliseconds)
        return rest < 0 ? hours - 1 : hours
    }

    /// When an hour since 1970 begins.
    package static func start(of hour: Int64) -> Moment { Moment(milliseconds: hour * milliseconds) }

    private static let milliseconds: Int64 = 3_600_000
}

/// What was used in one interval by one client at one operation.
package struct UsageLine: Sendable, Equatable {
    /// What calls were billed in one unit, in millionths of it.
    package struct Cost: Sendable, Equatable {
        package let unit: String
        package let estimated: Int64
        package let actual: Int64
        package let total: Int64

        /// A cost from its parts.
        package init(unit: String, estimated: Int64, actual: Int64, total: Int64) {
            self.unit = unit
            self.estimated = estimated
            self.actual = actual
            self.total = total
        }
    }

    /// The first hour of the interval, since 1970.
    package let hour: Int64
    /// `nil` for the time without clients.
    package let client: String?
    /// `nil` for tasks without any way to go.
    package let name: RouteName?
    /// Everything but costs.
    package var figures: UsageFigures
    /// By unit.
    package var costs: [Cost]

    /// A line from its parts.
    package init(
        hour: Int64,
        client: String?,
        name: RouteName?,
        figures: UsageFigures = UsageFigures(),
        costs: [Cost] = []
    ) {
        self.hour = hour
        self.client = client
        self.name = name
        self.figures = figures
        self.costs = costs
    }
}
