/// A moment to the second, as HTTP writes it.
package struct HTTPDate: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Since 1970-01-01 00:00:00 UTC.
    package let secondsSinceEpoch: Int64

    /// A moment by its Unix time.
    package init(secondsSinceEpoch: Int64) {
        self.secondsSinceEpoch = secondsSinceEpoch
    }

    /// Parses the preferred form and the two obsolete ones that RFC 9110 section 5.6.7 tells recipients to accept.
    package init?(parsing text: String) {
        let words = text.split { $0 == " " || $0 == "-" || $0 == "," }
        let parts: (day: Substring, month: Substring, year: Substring, time: Substring)
        switch words.count {
        // Sun, 06 Nov 1994 08:49:37 GMT and Sunday, 06-Nov-94 08:49:37 GMT
        case 6 where words[5] == "GMT": parts = (words[1], words[2], words[3], words[4])
        // Sun Nov  6 08:49:37 1994
        case 5: parts = (words[2], words[1], words[4], words[3])
        default: return nil
        }
        let clock = parts.time.split(separator: ":", omittingEmptySubsequences: false).map {
            HTTPDate.number($0, 2)
        }
        guard let day = HTTPDate.number(parts.day, 1...2), let year = HTTPDate.year(parts.year),
            let month = HTTPDate.months.firstIndex(of: String(parts.month)), clock.count == 3,
            let hour = clock[0], let minute = clock[1], let second = clock[2], hour < 24, minute < 60,
            second <= 60
        else { return nil }
        let days = HTTPDate.daysSinceEpoch(year, month + 1, day)
        let back = HTTPDate.civil(days)
        guard back.day == day, back.month == month + 1 else { return nil }
        secondsSinceEpoch = days * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
    }

    package static func < (left: HTTPDate, right: HTTPDate) -> Bool {
        left.secondsSinceEpoch < right.secondsSinceEpoch
    }

    /// The preferred form: `Sun, 06 Nov 1994 08:49:37 GMT`.
    package var description: String {
        let days = secondsSinceEpoch >= 0 ? secondsSinceEpoch / 86_400 : (secondsSinceEpoch - 86_399) / 86_400
        let second = Int(secondsSinceEpoch - days * 86_400)
        let date = HTTPDate.civil(days)
        let weekday = HTTPDate.weekdays[Int(((days + 4) % 7 + 7) % 7)]
        let month = HTTPDate.months[date.month - 1]
        let time = "\(two(second / 3_600)):\(two(second / 60 % 60)):\(two(second % 60))"
        let year = String(date.year)
        return
            "\(weekday), \(two(date.day)) \(month) \(String(repeating: "0", count: max(0, 4 - year.count)))\(year) \(time) GMT"
    }

    private func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func number(_ text: Substring, _ length: Int) -> Int? { number(text, length...length) }

    private static func number(_ text: Substring, _ lengths: ClosedRange<Int>) -> Int? {
        lengths ~= text.utf8.count && text.utf8.allSatisfy(\.isASCIIDigit) ? Int(text) : nil
    }

    /// Four digits, or two of the obsolete form: from 70 up they are of the last century.
    private static func year(_ text: Substring) -> Int? {
        if let short = number(text, 2) { return short < 70 ? 2000 + short : 1900 + short }
        return number(text, 4)
    }

    // Days from and to a civil date of the Gregorian calendar, by eras of 400 years that begin in March.
    private static func daysSinceEpoch(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    private static func civil(_ days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1
        )
    }
}
