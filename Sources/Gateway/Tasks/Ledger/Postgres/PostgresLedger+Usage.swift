import Postgres
import Sound

/// What clients have used.
extension PostgresLedger {
    package func usage(_ query: UsageQuery) async throws(LedgerError) -> [UsageLine]? {
        var condition = "hour >= $1 AND hour < $2"
        var values: [PostgresValue] = [
            .integer(query.hours.lowerBound), .integer(query.hours.upperBound),
        ]
        if case .client(let client) = query.owner {
            values.append(.text(client ?? ""))
            condition += " AND client = $\(values.count)"
        }
        if let provider = query.provider {
            values.append(.text(provider))
            condition += " AND provider = $\(values.count)"
        }
        let most = UsageQuery.mostLines
        let groups = "GROUP BY \(Self.start(of: query.interval)), client, provider, operation"
        let results = try await read([
            PostgresStatement(
                storing: values,
                """
                SELECT COUNT(*) FROM (SELECT 1 FROM usage WHERE \(condition) \(groups) LIMIT \(most + 1)) lines
                """
            ),
            // Rows of costs come on top, few to a line; without a bound, too many would be sent to be thrown away.
            PostgresStatement(
                storing: values,
                """
                SELECT \(Self.start(of: query.interval)) AS start, client, provider, operation, unit, \(Self.sums)
                FROM usage WHERE \(condition) \(groups), unit ORDER BY 1, 2, 3, 4, 5 LIMIT \(most * 10)
                """
            ),
        ])
        guard let count = results[0].rows.first?.int(0), count <= most else { return nil }
        var lines: [UsageLine] = []
        for row in results[1].rows { UsageRows.add(row, of: query, to: &lines) }
        return lines
    }

    private static let sums = [
        "tasks", "succeeded", "failed", "canceled", "attempts", "outputs", "audio_ms", "estimated", "actual",
        "total",
    ].map { "SUM(\($0))::bigint" }.joined(separator: ", ")

    /// The first hour of the interval that a row belongs to, in SQL.
    private static func start(of interval: UsageQuery.Interval) -> String {
        switch interval {
        case .hour: "hour"
        // The remainder has the sign of what is divided.
        case .day: "hour - (hour % 24 + 24) % 24"
        case .month:
            """
            (extract(epoch FROM date_trunc('month', to_timestamp(hour * 3600) AT TIME ZONE 'UTC')) / 3600)::bigint
            """
        // A number alone would be that of a column.
        case .total: "hour * 0"
        }
    }
}
