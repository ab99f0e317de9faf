import JSON
import SQLite
import Sound

/// What tasks come to, by the hour in which they were created.
///
/// Each change of a task changes the usage in the same transaction, by the difference to what is written beside the task:
/// the two cannot part, and the same change made again enters nothing. Usage outlives the tasks.
enum UsageRows {
    /// Enters what a task has come to since it was last entered.
    static func enter(_ change: Usage, of record: TaskRecord, on connection: Connection) throws {
        let hour = UsageQuery.hour(of: record.createdAt)
        for (place, figures) in change.figures {
            let key: [SQLiteValue] = [
                .text(record.client ?? ""), .integer(hour), .text(place.provider), .text(place.operation),
                .text(place.unit),
            ]
            _ = try connection.run(add, key + figures.columns.map { .integer($0) })
        }
    }

    private static let add = """
        INSERT INTO usage (client, hour, provider, operation, unit, tasks, succeeded, failed, canceled, attempts, outputs,
            audio_ms, estimated, actual, total) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET tasks = tasks + excluded.tasks, succeeded = succeeded + excluded.succeeded,
                failed = failed + excluded.failed, canceled = canceled + excluded.canceled,
                attempts = attempts + excluded.attempts, outputs = outputs + excluded.outputs,
                audio_ms = audio_ms + excluded.audio_ms, estimated = estimated + excluded.estimated,
                actual = actual + excluded.actual, total = total + excluded.total
        """

    // MARK: The usage beside the task

    /// Brings what is entered of a task up to what it has come to; nothing for a task that is gone.
    static func settle(_ usage: Usage, of record: TaskRecord, on connection: Connection) throws {
        let id = SQLiteValue.text(record.id.rawValue)
        let entered = try connection.first("SELECT usage FROM tasks WHERE id = ?", [id]) {
            $0.optionalText(0)
        }
        guard let entered else { return }
        let text = encode(usage)
        guard text != entered else { return }
        // What was stored before usage was counted has nothing entered yet.
        let before = try entered.map { text throws(LedgerError) in try decode(text) } ?? Usage()
        try enter(usage.change(since: before), of: record, on: connection)
        _ = try connection.run("UPDATE tasks SET usage = ? WHERE id = ?", [.text(text), id])
    }

    static func encode(_ usage: Usage) -> String {
        // Written straight away, without a tree: this is part of every create.
        var writer = JSONWriter()
        writer.beginArray()
        for (place, figures) in sorted(usage) {
            writer.beginArray()
            writer.value(place.provider)
            writer.value(place.operation)
            writer.value(place.unit)
            let columns = figures.columns
            let last = columns.lastIndex { $0 != 0 } ?? -1
            for column in columns.prefix(last + 1) { writer.value(column) }
            writer.endArray()
        }
        writer.endArray()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The lines of a usage in the order of their places.
    static func sorted(_ usage: Usage) -> [(place: Usage.Place, figures: UsageFigures)] {
        usage.figures.map { ($0.key, $0.value) }.sorted {
            ($0.0.provider, $0.0.operation, $0.0.unit) < ($1.0.provider, $1.0.operation, $1.0.unit)
        }
    }

    static func decode(_ text: String) throws(LedgerError) -> Usage {
        var usage = Usage()
        for line in try LedgerCodec.parse(text).array ?? [] {
            guard let parts = line.array, parts.count > 3, let provider = parts[0].string,
                let operation = parts[1].string, let unit = parts[2].string
            else { throw .corrupt("a stored usage lacks its place") }
            let place = Usage.Place(provider: provider, operation: operation, unit: unit)
            usage.add(at: place) { $0 += UsageFigures(columns: parts.dropFirst(3).map { $0.integer ?? 0 }) }
        }
        return usage
    }

    // MARK: What is told

    /// The lines that are asked for, oldest first; `nil` when there are more than so many.
    static func lines(_ query: UsageQuery, atMost limit: Int, on connection: Connection) throws
        -> [UsageLine]?
    {
        var condition = "hour >= ? AND hour < ?"
        var values: [SQLiteValue] = [
            .integer(query.hours.lowerBound), .integer(query.hours.upperBound),
        ]
        if case .client(let client) = query.owner {
            condition += " AND client = ?"
            values.append(.text(client ?? ""))
        }
        if let provider = query.provider {
            condition += " AND provider = ?"
            values.append(.text(provider))
        }
        let groups = "GROUP BY \(start(of: query.interval)), client, provider, operation"
        let count = try connection.first(
            "SELECT COUNT(*) FROM (SELECT 1 FROM usage WHERE \(condition) \(groups) LIMIT \(limit + 1))",
            values
        ) { $0.int(0) }
        if let count, count > limit { return nil }
        var lines: [UsageLine] = []
        try connection.forEach(
            """
            SELECT \(start(of: query.interval)) AS start, client, provider, operation, unit, SUM(tasks), SUM(succeeded),
                SUM(failed), SUM(canceled), SUM(attempts), SUM(outputs), SUM(audio_ms), SUM(estimated), SUM(actual),
                SUM(total) FROM usage WHERE \(condition) \(groups), unit ORDER BY 1, 2, 3, 4, 5
            """,
            values
        ) { row in
            add(row, of: query, to: &lines)
            return true
        }
        return lines
    }

    /// Adds a row of sums to the lines before it.
    static func add(
        _ row: borrowing some LedgerRow & ~Copyable,
        of query: UsageQuery,
        to lines: inout [UsageLine]
    ) {
        let (client, provider) = (row.text(1), row.text(2))
        let line = UsageLine(
            hour: query.interval == .total ? query.hours.lowerBound : row.int64(0),
            client: client.isEmpty ? nil : client,
            name: provider.isEmpty ? nil : RouteName(provider: provider, operation: row.text(3))
        )
        var columns: [Int64] = []
        for column in 5..<15 { columns.append(row.int64(column)) }
        add(UsageFigures(columns: columns), in: row.text(4), to: line, of: &lines)
    }

    /// Adds a row to the last line, where that is the one, or makes a new line of it; nothing of what has come to nothing.
    private static func add(
        _ figures: UsageFigures,
        in unit: String,
        to line: UsageLine,
        of lines: inout [UsageLine]
    ) {
        guard figures != UsageFigures() else { return }
        let last = lines.last
        if last?.hour != line.hour || last?.client != line.client || last?.name != line.name {
            lines.append(line)
        }
        if unit.isEmpty {
            lines[lines.count - 1].figures += figures
        } else {
            lines[lines.count - 1].costs.append(
                UsageLine.Cost(
                    unit: unit,
                    estimated: figures.estimated,
                    actual: figures.actual,
                    total: figures.total
                )
            )
        }
    }

    /// The first hour of the interval that a row belongs to, in SQL.
    private static func start(of interval: UsageQuery.Interval) -> String {
        switch interval {
        case .hour: "hour"
        // The remainder has the sign of what is divided.
        case .day: "hour - (hour % 24 + 24) % 24"
        case .month:
            "CAST(strftime('%s', hour * 3600, 'unixepoch', 'start of month') AS INTEGER) / 3600"
        // A number alone would be that of a column.
        case .total: "hour * 0"
        }
    }
}
