extension Timestamp {
    /// Reads RFC 3339: any offset, any number of decimals (those beyond milliseconds are cut off).
    ///
    /// A leap second reads as the last millisecond before it; `nil` for everything else that is no such text.
    package init?(_ text: String) {
        var reader = DigitReader(text)
        guard let year = reader.digits(4), reader.skip("-"), let month = reader.digits(2), reader.skip("-"),
            let day = reader.digits(2), reader.skip("Tt "), let hour = reader.digits(2), reader.skip(":"),
            let minute = reader.digits(2), reader.skip(":"), let second = reader.digits(2),
            let fraction = reader.fraction(), let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        guard (1...12).contains(month), day >= 1, hour < 24, minute < 60, second <= 60 else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        let days = date.daysSince1970
        guard CivilDate(day: days) == date else { return nil }
        let time = ((days * 24 + hour) * 60 + minute - offset) * 60_000
        self.init(milliseconds: time + (second == 60 ? 59_999 : second * 1000 + fraction))
    }
}

/// Takes a fixed form apart from left to right.
private struct DigitReader {
    private let text: [UInt8]
    private var place = 0

    init(_ text: String) { self.text = Array(text.utf8) }

    var isAtEnd: Bool { place == text.count }

    private mutating func digit() -> Int64? {
        guard place < text.count, text[place] >= UInt8(ascii: "0"), text[place] <= UInt8(ascii: "9") else {
            return nil
        }
        defer { place += 1 }
        return Int64(text[place] - UInt8(ascii: "0"))
    }

    mutating func digits(_ count: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<count {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    mutating func skip(_ allowed: String) -> Bool {
        guard place < text.count, allowed.utf8.contains(text[place]) else { return false }
        place += 1
        return true
    }

    /// Milliseconds; 0 when there are no decimals.
    mutating func fraction() -> Int64? {
        guard skip(".") else { return 0 }
        guard var value = digit() else { return nil }
        var count = 1
        while let digit = digit() {
            if count < 3 { value = value * 10 + digit }
            count += 1
        }
        for _ in 0..<max(0, 3 - count) { value *= 10 }
        return value
    }

    /// Minutes east of Greenwich.
    mutating func offset() -> Int64? {
        if skip("Zz") { return 0 }
        let isWest = place < text.count && text[place] == UInt8(ascii: "-")
        guard skip("+-"), let hours = digits(2), skip(":"), let minutes = digits(2), hours < 24, minutes < 60
        else {
            return nil
        }
        return (isWest ? -1 : 1) * (hours * 60 + minutes)
    }
}
