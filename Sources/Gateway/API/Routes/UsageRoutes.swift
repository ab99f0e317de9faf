import HTTP
import HTTPServer
import JSON
import Sound
import Tasks
import Timing

/// What was used, and what it cost.
extension Gateway {
    /// How usage is written.
    private enum Form: String, CaseIterable { case json, csv }

    func showUsage(_ call: Request, _ caller: Caller) async throws -> Response {
        let (query, form) = try usageQuery(call, caller)
        guard let lines = try await parts.ledger.usage(query) else {
            throw InvalidRequest([
                Problem(
                    "interval",
                    .tooMany,
                    "the answer would have more than \(UsageQuery.mostLines) rows; ask for a longer interval, for less "
                        + "time between from and to, or for one provider"
                        + (caller.isAdmin ? " or client" : "")
                )
            ])
        }
        let wire = UsageWire(query: query, lines: lines)
        var response: Response
        switch form {
        case .json:
            var json = JSONWriter()
            wire.write(to: &json)
            response = Response(.ok, contentType: "application/json", json.bytes)
        case .csv:
            response = Response(.ok, contentType: "text/csv; charset=utf-8; header=present", wire.table.bytes)
            response.fields["Content-Disposition"] = "attachment; filename=\"\(wire.fileName)\""
        }
        response.fields["Vary"] = "Accept"
        return response
    }

    private func usageQuery(_ call: Request, _ caller: Caller) throws(InvalidRequest) -> (UsageQuery, Form) {
        var reading = QueryReading(call.target)
        let (from, to) = (reading.moment("from"), reading.moment("to", isEnd: true))
        let end = to ?? parts.time.moment
        // Thirty days, today being one of them.
        let usual = CalendarDay(number: CalendarDay(end.advanced(by: .milliseconds(-1))).number - 29)
        let begin = from ?? usual.start
        if begin >= end {
            reading.refuse("from", .outOfRange, "from must be before to; to is now unless it is given")
        }
        let first = UsageQuery.hour(of: begin)
        // What is counted is kept by the hour, so that one which has begun counts whole.
        let last = UsageQuery.hour(of: end.advanced(by: .milliseconds(-1)))
        var query = UsageQuery(owner: owner(&reading, caller), hours: first..<max(last, first) + 1)
        query.interval = reading.word("interval") ?? query.interval
        query.provider = reading.text("provider")
        let form = reading.word("format") ?? (Self.prefersCSV(call.fields) ? Form.csv : .json)
        try reading.finish()
        return (query, form)
    }

    /// Whose usage is shown: one's own, or to an admin that of one client or of all.
    private func owner(_ reading: inout QueryReading, _ caller: Caller) -> TaskQuery.Owner {
        let client = reading.text("client")
        guard caller.isAdmin else {
            if let client, client != caller.name {
                reading.refuse("client", .invalid, "client is for admin clients; others see their own usage")
            }
            return .client(caller.name)
        }
        if let client {
            Exchange.note("owner", client)
            return .client(client.isEmpty ? nil : client)
        }
        if caller.name != nil { Exchange.note("scope", "everyone") }
        return .everyone
    }

    /// Whether CSV is named in `Accept`, and liked better than JSON.
    private static func prefersCSV(_ fields: Fields) -> Bool {
        var weights: [String: Double] = [:]
        for range in fields.values(for: "Accept").flatMap({ $0.split(separator: ",") }) {
            guard let type = MediaType(String(range.trimmingBlanks)) else { continue }
            weights[type.essence] = type["q"].map { Double($0) ?? 0 } ?? 1
        }
        return weights["text/csv", default: 0] > weights["application/json", default: 0]
    }
}

extension Substring {
    fileprivate var trimmingBlanks: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
