import Sound
import Support
import Tasks
import Telemetry
import Testing

/// Signals between gateways over a real database.
@Suite("Signals over PostgreSQL", .timeLimit(.minutes(5)))
struct PostgresBusTests {
    /// One gateway's end, and what it has heard.
    private struct End {
        let ledger: PostgresLedger
        let bus: PostgresBus
        let heard = Observed<[ReplicaNews]>([])
        let log = LogMemory()
        let metrics = MetricRegistry()

        init(_ url: String, as holder: LeaseHolder) async throws {
            let loops = try TestLoops.all.get()
            let log = Log(level: .info, sink: log)
            ledger = try PostgresLedger(.init(url: url), loops: loops, log: log)
            try await ledger.open()
            bus = ledger.bus(on: loops[0], log: log, metrics: ReplicaMetrics(metrics))
            bus.listen(as: holder) { [heard] news in heard.change { $0.append(news) } }
            // Whatever was said before it listens is lost, which it is told.
            await heard.until { $0.contains(.gap) }
        }

        /// How many signals had that outcome.
        func counted(_ outcome: String) async -> Int {
            let text = String(decoding: await metrics.exposition().bytes, as: UTF8.self)
            let name = "soundgate_replica_signals_total{outcome=\"\(outcome)\"} "
            return text.split(separator: "\n").first { $0.hasPrefix(name) }
                .flatMap { Int($0.dropFirst(name.count)) } ?? 0
        }

        func close() async {
            await bus.close()
            await ledger.close()
        }
    }

    @Test("a signal for all comes to all others, one for a holder to that one alone")
    func addressees() async throws {
        let url = try await TestDatabases.shared.freshURL()
        let ends = [try await End(url, as: one), try await End(url, as: two)]
        let (first, second) = (ends[0], ends[1])
        let freed = ReplicaSignal.freed(KeyName(provider: "a", credential: "main"))
        first.bus.send(freed, to: nil)
        first.bus.send(.work, to: two)
        second.bus.send(.removed(TaskID(rawValue: "snd_1")), to: one)
        await second.heard.until { $0.contains(.signal(.work)) }
        await first.heard.until { $0.contains(.signal(.removed(TaskID(rawValue: "snd_1")))) }
        #expect(second.heard.value == [.gap, .signal(freed), .signal(.work)])
        #expect(first.heard.value == [.gap, .signal(.removed(TaskID(rawValue: "snd_1")))])
        #expect(await second.counted("heard") == 2)
        #expect(await first.counted("heard") == 1)
        for end in ends {
            await end.close()
            #expect(await end.counted("lost") == 0)
            #expect(end.log.messages == [], "nothing that a signal does is worth a warning")
        }
    }
}
