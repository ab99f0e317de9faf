import HTTP
import JSON
package import Telemetry

/// What a collector says besides that it took a request.
package enum PartialSuccess {
    /// How many spans of the request it refused; none for an answer that says nothing of it.
    package static func rejected(_ body: [UInt8]) -> Int {
        let json: JSONValue
        do throws(JSONError) { json = try JSONValue(parsing: body) } catch { return 0 }
        let count = json["partialSuccess"]?["rejectedSpans"]
        // A string by the mapping of protobuf, a number from some.
        return count?.integer.map { Int(clamping: $0) } ?? count?.string.flatMap { Int($0) } ?? 0
    }
}

/// `Retry-After`, in either of its forms.
package enum RetryWish {
    /// How long the collector wants to be left alone; `nil` for anything else.
    package static func read(_ text: String?, now: Timestamp) -> Duration? {
        guard let text else { return nil }
        if let seconds = Int64(text), seconds >= 0 { return .seconds(min(seconds, 86_400)) }
        guard let date = HTTPDate(parsing: text) else { return nil }
        return .milliseconds(max(0, date.secondsSinceEpoch * 1000 - now.milliseconds))
    }
}
