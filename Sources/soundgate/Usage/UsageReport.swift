import JSON

/// The answer of `GET /v1/usage`, added up by what a person asked for.
struct UsageReport {
    /// What a row is about.
    enum Facet: String, CaseIterable {
        case hour, day, month, provider, operation, client

        var isInterval: Bool { self == .hour || self == .day || self == .month }
    }

    private struct Cost {
        var actual = 0.0
        var total = 0.0
    }

    /// What a cost is in.
    private struct Currency: Hashable {
        let provider: String
        let unit: String
    }

    private struct Row {
        var counts: [String: Int64] = [:]
        var seconds = 0.0
        var costs: [Currency: Cost] = [:]
    }

    private static let counts = [
        "tasks", "succeeded", "failed", "canceled", "running", "attempts", "outputs",
    ]

    private let facets: [Facet]
    private var rows: [(key: [String], row: Row)] = []
    private var sum = Row()
    /// What it is about, in words.
    let span: String

    init(_ json: JSONValue, by facets: [Facet]) {
        self.facets = facets
        span = "From \(Self.moment(json["from"])) to \(Self.moment(json["to"]))"
        var places: [[String]: Int] = [:]
        for line in json["data"]?.array ?? [] {
            let key = facets.map { Self.text($0, of: line) }
            let place = places[key] ?? rows.count
            if place == rows.count { rows.append((key, Row())) }
            places[key] = place
            Self.add(line, to: &rows[place].row)
            Self.add(line, to: &sum)
        }
    }

    var isEmpty: Bool { rows.isEmpty }

    /// A row for each value of the facets, and one for all.
    var table: Table {
        var table = Table(
            facets.map { $0.rawValue.uppercased() } + [
                "TASKS", "DONE", "FAILED", "CANCELED", "RUNNING", "CALLS", "TAKES", "AUDIO", "COST",
            ]
        )
        for (key, row) in rows { table.add(key + cells(row, sayProvider: !facets.contains(.provider))) }
        if rows.count > 1 {
            let key = facets.indices.map { $0 == 0 ? "all" : "" }
            table.add(key + cells(sum, sayProvider: true))
        }
        return table
    }

    private func cells(_ row: Row, sayProvider: Bool) -> [String] {
        Self.counts.map { "\(row.counts[$0] ?? 0)" }
            + [Self.length(row.seconds), Self.words(row.costs, sayProvider: sayProvider)]
    }

    private static func words(_ costs: [Currency: Cost], sayProvider: Bool) -> String {
        let sorted = costs.sorted { ($0.key.provider, $0.key.unit) < ($1.key.provider, $1.key.unit) }
        let words = sorted.map { currency, cost in
            let unit = sayProvider ? "\(currency.provider) \(currency.unit)" : currency.unit
            let amount = "\(shortNumber(cost.total, places: 2)) \(unit)"
            if abs(cost.total - cost.actual) < 1e-6 { return amount }
            if cost.actual < 1e-6 { return "\(amount) (estimated)" }
            return "\(amount) (\(shortNumber(cost.actual, places: 2)) told, the rest estimated)"
        }
        return words.isEmpty ? "-" : printable(words.joined(separator: ", "))
    }

    private static func add(_ line: JSONValue, to row: inout Row) {
        for name in counts { row.counts[name, default: 0] += line[name]?.integer ?? 0 }
        row.seconds += line["audio_seconds"]?.double ?? 0
        for cost in line["cost"]?.array ?? [] {
            let currency = Currency(
                provider: cost["provider"]?.string ?? "?",
                unit: cost["unit"]?.string ?? "?"
            )
            row.costs[currency, default: Cost()].actual += cost["actual"]?.double ?? 0
            row.costs[currency, default: Cost()].total += cost["total"]?.double ?? 0
        }
    }

    private static func text(_ facet: Facet, of line: JSONValue) -> String {
        switch facet {
        case .hour: moment(line["start"])
        case .day: String(moment(line["start"]).prefix(10))
        case .month: String(moment(line["start"]).prefix(7))
        case .provider, .operation, .client: printable(line[facet.rawValue]?.string ?? "-")
        }
    }

    /// To the minute.
    private static func moment(_ json: JSONValue?) -> String {
        printable(String((json?.string ?? "?").prefix(16))).replacing("T", with: " ")
    }

    /// Seconds as a person reads them.
    private static func length(_ seconds: Double) -> String {
        let whole = Int64(max(0, min(seconds, 1e15)).rounded())
        if whole < 60 { return "\(shortNumber(max(0, seconds))) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole / 60 % 60) min"
    }
}
