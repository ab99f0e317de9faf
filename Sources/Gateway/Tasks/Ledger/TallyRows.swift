import JSON
import SQLite
import Sound
import Timing

/// What clients have taken of their quotas, by the day on which the task was created.
///
/// Each change of a task changes the tallies in the same transaction, by the difference to what is written beside the
/// task as its charge: the two cannot part. Tallies outlive the tasks, or deleting one would open a quota again.
enum TallyRows {
    /// Writes what a task's charge has come to, once it is within the limits that are given.
    ///
    /// Only what grows is held against a limit: what is given back is always taken back.
    static func enter(
        _ change: Charge,
        of record: TaskRecord,
        within limits: [Quota.Limit],
        on connection: Connection
    ) throws {
        guard let client = record.client, !change.isEmpty else { return }
        let day = CalendarDay(record.createdAt)
        let excesses = try limits.compactMap { limit in
            try excess(of: change, beyond: limit, client: client, day: day, on: connection)
        }
        if !excesses.isEmpty { throw LedgerError.overQuota(excesses) }
        for (meter, amount) in change.amounts {
            _ = try connection.run(
                """
                INSERT INTO tallies (client, day, provider, unit, amount) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET amount = amount + excluded.amount
                """,
                [
                    .text(client), .integer(day.number), .text(meter.provider ?? ""), .text(meter.unit),
                    .integer(amount),
                ]
            )
        }
    }

    private static func excess(
        of change: Charge,
        beyond limit: Quota.Limit,
        client: String,
        day: CalendarDay,
        on connection: Connection
    ) throws -> QuotaExcess? {
        let asked = change.amount(on: limit.meter)
        guard asked > 0 else { return nil }
        let days = limit.period.days(around: day)
        let used = try connection.first(
            """
            SELECT COALESCE(SUM(amount), 0) FROM tallies
            WHERE client = ?1 AND day >= ?2 AND day < ?3 AND unit = ?4 AND (?5 IS NULL OR provider = ?5)
            """,
            [
                .text(client), .integer(days.lowerBound.number), .integer(days.upperBound.number),
                .text(limit.meter.unit), SQLiteValue(limit.meter.provider),
            ]
        ) { $0.int64(0) }
        guard let used, used + asked > limit.millionths else { return nil }
        return QuotaExcess(limit: limit, used: used, asked: asked, opensAt: days.upperBound.start)
    }

    static func tallies(of client: String, since day: CalendarDay, on connection: Connection) throws
        -> [Tally]
    {
        try connection.query(
            "SELECT day, provider, unit, amount FROM tallies WHERE client = ? AND day >= ?",
            [.text(client), .integer(day.number)]
        ) { tally($0) }
    }

    /// A tally from its day, provider, unit and amount.
    static func tally(_ row: borrowing some LedgerRow & ~Copyable) -> Tally {
        let provider = row.text(1)
        return Tally(
            day: CalendarDay(number: row.int64(0)),
            meter: Meter(row.text(2), of: provider.isEmpty ? nil : provider),
            millionths: row.int64(3)
        )
    }

    // MARK: The charge beside the task

    /// The charge that is written beside a task; `nil` when the task is not there.
    static func charge(of id: TaskID, on connection: Connection) throws -> Charge? {
        let text = try connection.first("SELECT charge FROM tasks WHERE id = ?", [.text(id.rawValue)]) {
            $0.text(0)
        }
        return try text.map { text throws(LedgerError) in try decode(text) }
    }

    static func encode(_ charge: Charge) -> String {
        guard !charge.isEmpty else { return "{}" }
        let members = charge.amounts.map { meter, amount in
            (meter.provider.map { "\($0)/\(meter.unit)" } ?? meter.unit, amount)
        }
        let object = members.sorted { $0.0 < $1.0 }.reduce(into: JSONObject()) { object, member in
            object.append(member.0, .integer(member.1))
        }
        return LedgerCodec.text(.object(object))
    }

    static func decode(_ text: String) throws(LedgerError) -> Charge {
        var charge = Charge()
        guard text != "{}" else { return charge }
        for member in try LedgerCodec.parse(text).object ?? [:] {
            guard let amount = member.value.integer else { throw .corrupt("a stored charge is no number") }
            let parts = member.key.split(separator: "/", maxSplits: 1)
            guard let unit = parts.last else { throw .corrupt("a stored charge lacks its unit") }
            charge.add(amount, on: Meter(String(unit), of: parts.count > 1 ? String(parts[0]) : nil))
        }
        return charge
    }
}
