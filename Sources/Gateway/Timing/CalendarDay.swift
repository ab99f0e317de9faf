package import Sound

/// A day of the calendar in UTC.
package struct CalendarDay: Sendable, Hashable, Comparable {
    private static let milliseconds: Int64 = 86_400_000

    /// Days since 1970-01-01, which is 0.
    package let number: Int64

    /// A day by its number.
    package init(number: Int64) { self.number = number }

    /// The day of a moment.
    package init(_ moment: Moment) {
        let (days, rest) = moment.milliseconds.quotientAndRemainder(dividingBy: Self.milliseconds)
        number = rest < 0 ? days - 1 : days
    }

    package static func < (a: CalendarDay, b: CalendarDay) -> Bool { a.number < b.number }

    /// Midnight at its beginning.
    package var start: Moment { Moment(milliseconds: number * Self.milliseconds) }

    /// The day after.
    package var next: CalendarDay { CalendarDay(number: number + 1) }

    /// All days of its month, up to the first one of the next month.
    package var month: Range<CalendarDay> {
        let (year, month, day) = date
        let first = CalendarDay(number: number - (day - 1))
        let next = month == 12 ? Self(year: year + 1, month: 1) : Self(year: year, month: month + 1)
        return first..<next
    }

    /// The first day of a month.
    private init(year: Int64, month: Int64) {
        // Years begin in March here, so that the day which some years have more is their last one.
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        number = era * 146_097 + dayOfEra - 719_468
    }

    private var date: (year: Int64, month: Int64, day: Int64) {
        let shifted = number + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}
