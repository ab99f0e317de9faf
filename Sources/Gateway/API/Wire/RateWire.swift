import HTTP
import Tasks
import Timing

/// The `RateLimit-Policy` and `RateLimit` fields of the IETF's httpapi group: what a client may have, and what of it
/// is left.
///
/// Lists of structured fields (RFC 9651): a policy's name with the quota `q`, its unit `qu` and the window `w` in
/// seconds; and the name with what remains `r`, and the seconds until it is whole again `t`.
struct RateWire {
    private var policies: [String] = []
    private var standings: [String] = []

    /// Adds the rate of requests, the policy `default`.
    mutating func add(_ pace: Pace, _ standing: Pace.Standing) {
        let span = seconds(pace.per)
        // A window is told in whole seconds, or not at all.
        let window = span == span.rounded() ? ";w=\(Int(span))" : ""
        policies.append("\"default\";q=\(pace.count)\(window)")
        standings.append("\"default\";r=\(standing.remaining);t=\(Self.wholeSeconds(standing.reset))")
    }

    /// Adds a limit of a quota, under its name in the configuration.
    mutating func add(_ standing: QuotaStanding) {
        let limit = standing.limit
        let window = Self.wholeSeconds(standing.window)
        policies.append("\"\(limit.name)\";q=\(limit.most);qu=\"\(limit.meter.unit)\";w=\(window)")
        standings.append("\"\(limit.name)\";r=\(standing.remaining);t=\(Self.wholeSeconds(standing.reset))")
    }

    /// Writes the fields; none when nothing is limited.
    func write(to fields: inout Fields) {
        guard !policies.isEmpty else { return }
        fields["RateLimit-Policy"] = policies.joined(separator: ", ")
        fields["RateLimit"] = standings.joined(separator: ", ")
    }

    private static func wholeSeconds(_ span: Duration) -> Int { Int((span / .seconds(1)).rounded(.up)) }
}
