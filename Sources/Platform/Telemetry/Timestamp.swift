import CLinux
import Glibc

/// A moment in UTC, counted in milliseconds since 1970 without leap seconds.
package struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let milliseconds: Int64

    /// The moment that many milliseconds after the start of 1970.
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Reads the system's clock.
    package static func now() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// RFC 3339 with milliseconds: `2026-01-01T00:00:00.000Z`.
    package var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(24)
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}

extension Timestamp {
    private static let millisecondsPerDay: Int64 = 86_400_000

    /// Appends the RFC 3339 form; years outside 0000–9999, which it cannot say, are clamped.
    package func append(to text: inout [UInt8]) {
        let clamped = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
        var day = clamped / Timestamp.millisecondsPerDay
        var rest = clamped % Timestamp.millisecondsPerDay
        if rest < 0 {
            day -= 1
            rest += Timestamp.millisecondsPerDay
        }
        let date = CivilDate(day: day)
        text.appendDigits(date.year, count: 4)
        text.append(UInt8(ascii: "-"))
        text.appendDigits(date.month, count: 2)
        text.append(UInt8(ascii: "-"))
        text.appendDigits(date.day, count: 2)
        text.append(UInt8(ascii: "T"))
        appendTime(rest, to: &text)
        text.append(UInt8(ascii: "Z"))
    }

    /// Appends `hh:mm:ss.mmm`.
    func appendTimeOfDay(to text: inout [UInt8]) {
        let rest = milliseconds % Timestamp.millisecondsPerDay
        appendTime(rest < 0 ? rest + Timestamp.millisecondsPerDay : rest, to: &text)
    }

    private func appendTime(_ rest: Int64, to text: inout [UInt8]) {
        text.appendDigits(rest / 3_600_000, count: 2)
        text.append(UInt8(ascii: ":"))
        text.appendDigits(rest / 60_000 % 60, count: 2)
        text.append(UInt8(ascii: ":"))
        text.appendDigits(rest / 1000 % 60, count: 2)
        text.append(UInt8(ascii: "."))
        text.appendDigits(rest % 1000, count: 3)
    }
}

extension [UInt8] {
    /// Appends a number with leading zeros.
    fileprivate mutating func appendDigits(_ value: Int64, count: Int) {
        var divisor: Int64 = 1
        for _ in 1..<count { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }
}
