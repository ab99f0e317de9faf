/// A second in the form that signatures want: `20130524T000000Z`.
package struct AmzTimestamp: Sendable, Hashable, CustomStringConvertible {
    /// Since 1970-01-01 00:00:00 UTC.
    package let secondsSinceEpoch: Int64

    /// A second by its Unix time; one before 1970 counts as 1970.
    package init(secondsSinceEpoch: Int64) { self.secondsSinceEpoch = max(secondsSinceEpoch, 0) }

    /// The day alone: `20130524`.
    package var day: String { String(description.prefix(8)) }

    package var description: String {
        let (days, seconds) = secondsSinceEpoch.quotientAndRemainder(dividingBy: 86_400)
        let (year, month, day) = Self.civil(days)
        let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map(Self.two).joined()
        let zeros = String(repeating: "0", count: max(0, 4 - "\(year)".utf8.count))
        return "\(zeros)\(year)\(Self.two(month))\(Self.two(day))T\(time)Z"
    }

    private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

    /// The date of a day since 1970-01-01, by eras of 400 years that begin in March.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
