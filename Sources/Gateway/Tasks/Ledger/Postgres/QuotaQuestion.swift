import Postgres
import Sound
import Timing

/// Whether what a task asks for is within its client's limits, as PostgreSQL is asked it.
///
/// Those that ask for the same client stand in line (`lock`), so that however many replicas
/// admit at once, each sees what those before it were given. Clients without limits do not wait for anybody.
struct QuotaQuestion {
    /// A limit, and what is asked on its meter.
    private struct Item {
        let limit: Quota.Limit
        let asked: Int64
        let days: Range<CalendarDay>
    }

    private let client: String
    private let items: [Item]

    /// `nil` when nothing is asked that a limit is on.
    init?(_ change: Charge, of record: TaskRecord, within limits: [Quota.Limit]) {
        guard let client = record.client, !change.isEmpty else { return nil }
        let day = CalendarDay(record.createdAt)
        let items = limits.compactMap { limit -> Item? in
            let asked = change.amount(on: limit.meter)
            // Only what grows is held against a limit: what is given back is always taken back.
            return asked > 0 ? Item(limit: limit, asked: asked, days: limit.period.days(around: day)) : nil
        }
        if items.isEmpty { return nil }
        self.client = client
        self.items = items
    }

    /// Waits for those who ask for the same client, until the transaction ends.
    static func lock(_ client: String) -> PostgresStatement {
        PostgresStatement("SELECT pg_advisory_xact_lock(\(lockClass), hashtext($1))", [.text(client)])
    }

    /// Ends the transaction when something is beyond a limit.
    var check: PostgresStatement {
        PostgresStatement(
            """
            SELECT soundgate_refuse('\(PostgresChanges.Refusal.overQuota.rawValue)')
            FROM (\(Self.excesses)) excesses LIMIT 1
            """,
            values
        )
    }

    /// Which limits are in the way, by their places, and what is used of them.
    var excesses: PostgresStatement { PostgresStatement("\(Self.excesses) ORDER BY place", values) }

    /// What the answer to `excesses` says.
    func excesses(_ rows: [PostgresRow]) -> [QuotaExcess] {
        rows.compactMap { row in
            let place = row.int(0) - 1
            guard items.indices.contains(place) else { return nil }
            let item = items[place]
            return QuotaExcess(
                limit: item.limit,
                used: row.int64(1),
                asked: item.asked,
                opensAt: item.days.upperBound.start
            )
        }
    }

    private var values: [PostgresValue] {
        [
            .text(client), .integers(items.map(\.days.lowerBound.number)),
            .integers(items.map(\.days.upperBound.number)), .texts(items.map(\.limit.meter.unit)),
            .texts(items.map { $0.limit.meter.provider ?? "" }), .integers(items.map(\.asked)),
            .integers(items.map(\.limit.millionths)),
        ]
    }

    private static let excesses = """
        SELECT place, used FROM (
            SELECT place, asked, most, (
                SELECT COALESCE(SUM(amount), 0)::bigint FROM tallies
                WHERE client = $1 AND day >= since AND day < until AND tallies.unit = limits.unit
                    AND (limits.provider = '' OR tallies.provider = limits.provider)
            ) AS used
            FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
                WITH ORDINALITY AS limits (since, until, unit, provider, asked, most, place)
        ) questions WHERE used + asked > most
        """

    /// Sets these locks apart from others in the database: "quot".
    private static let lockClass = 0x7175_6F74
}
