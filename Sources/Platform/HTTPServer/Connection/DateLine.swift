import Glibc
import HTTP

/// The `Date` field's line, made once per second.
struct DateLine {
    private var second = -1
    private var line: [UInt8] = []

    /// The line with its CRLF for the present second.
    mutating func current() -> [UInt8] {
        let now = time(nil)
        if now != second {
            second = now
            line = Array("Date: \(HTTPDate(secondsSinceEpoch: Int64(now)))\r\n".utf8)
        }
        return line
    }
}
