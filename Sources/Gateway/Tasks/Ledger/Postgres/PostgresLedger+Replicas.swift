package import EventLoop
import Postgres
import Sound
package import Telemetry
import Timing

/// What gateways that share the database need besides the tasks.
extension PostgresLedger {
    /// How they reach each other; it hears on a connection of its own.
    package func bus(on loop: EventLoop, log: Log, metrics: ReplicaMetrics) -> PostgresBus {
        PostgresBus(pool, PostgresPool.Options(url: options.url), loop: loop, log: log, metrics: metrics)
    }

    /// What they may do with keys, and let clients do, all together.
    package var keyLimits: PostgresKeyLimits { PostgresKeyLimits(pool) }

    /// How far the database's clock is ahead of this machine's.
    ///
    /// By the quickest of a few questions: it is off by no more than half of the time that this one took.
    package func clockLead() async throws(LedgerError) -> Duration {
        let system = SystemTime()
        var best: (span: UInt64, lead: Int64)?
        for _ in 0..<3 {
            let (began, before) = (system.instant, system.moment)
            let now = try await read([
                PostgresStatement("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
            ])[0].rows.first?.int64(0)
            let (span, after) = (system.instant &- began, system.moment)
            guard let now, span < best?.span ?? .max else { continue }
            best = (span, now - (before.milliseconds + after.milliseconds) / 2)
        }
        return .milliseconds(best?.lead ?? 0)
    }
}
