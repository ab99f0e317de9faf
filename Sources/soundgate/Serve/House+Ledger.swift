import Configuration
import Crypto
import EventLoop
import SQLite
import Tasks
import Telemetry
import Timing
import Webhooks

/// Where a house keeps its tasks.
struct HouseLedger: Sendable {
    /// Whatever is asked of tasks and messages.
    let store: any Ledger & Outbox & Retaining
    /// The same, where it is a database that may be away; `nil` for a file, which is open.
    let shared: PostgresLedger?
    /// The time that its stamps are made by: a shared database's, so that all who share it compare like with like.
    let time = SharedTime()

    /// Opens the file that a configuration names, or makes ready to reach its database.
    init(
        _ configuration: StorageConfiguration,
        loops: [EventLoop],
        log: Log,
        metrics: MetricRegistry
    ) async throws {
        let measured = LedgerMetrics(metrics)
        guard let postgres = configuration.postgres else {
            var options = Database.Options()
            options.written = measured.written
            let ledger = try await SQLiteLedger(path: configuration.sqlite.path, log: log, options: options)
            ledger.report(to: metrics)
            store = ledger
            shared = nil
            return
        }
        var options = postgres.url.reveal { PostgresLedger.Options(url: $0) }
        options.connections = postgres.connections
        options.written = measured.changed
        let ledger = try PostgresLedger(options, loops: loops, log: log)
        ledger.report(to: metrics)
        store = ledger
        shared = ledger
    }
}

/// Coming into work when the database of the tasks is there.
extension House {
    /// How often the database's clock is looked at again.
    private static let clockPeriod = Duration.seconds(60)
    /// Beyond this a difference of the clocks is worth a word.
    private static let clockTolerance = Duration.seconds(2)

    /// Goes by the database's clock from now on.
    private func takeTime() async throws(LedgerError) {
        guard let shared else { return }
        let lead = try await shared.clockLead()
        let change = lead - time.isAheadBy
        time.set(aheadBy: lead)
        guard max(change, .zero - change) > Self.clockTolerance else { return }
        log(
            .warning,
            "the machine's clock and the database's are apart; the database's holds",
            ["by": .duration(lead)]
        )
    }

    /// Follows the database's clock until the task is cancelled.
    func followTime() async {
        guard shared != nil else { return }
        while true {
            do { try await Task.sleep(for: Self.clockPeriod) } catch { return }
            do throws(LedgerError) {
                try await takeTime()
            } catch {
                log(.debug, "the database's clock could not be looked at", ["reason": "\(error)"])
            }
        }
    }

    /// Opens the ledger and takes up what an earlier process left; `false` while the database is away.
    func takeUpWork() async throws(LedgerError) -> Bool {
        do throws(LedgerError) {
            try await shared?.open()
            try await takeTime()
            try await recover()
        } catch {
            guard shared != nil, case .unreachable(let reason) = error else { throw error }
            log(
                .warning,
                "the database cannot be used yet; trying again, and taking no sounds until then",
                ["reason": "\(reason)"]
            )
            return false
        }
        courier.nudge()
        return true
    }

    /// Tries again until the database is there, or the task is cancelled; the gateway listens meanwhile.
    func awaitDatabase() async {
        var pause = Duration.seconds(1)
        while true {
            do { try await Task.sleep(for: pause) } catch { return }
            pause = min(pause * 2, .seconds(10))
            do throws(LedgerError) {
                guard try await takeUpWork() else { continue }
                log(.notice, "the database is there; taking sounds")
                return await retention.start()
            } catch {
                log(.error, "the ledger cannot be used; trying again", ["reason": "\(error)"])
            }
        }
    }
}
