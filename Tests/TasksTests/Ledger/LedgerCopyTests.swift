import Foundation
import Postgres
import PostgresTestSupport
import SQLite
import Sound
import Support
import Tasks
import Telemetry
import Testing
import Timing
import Webhooks

/// From one gateway's file to a database of several.
@Suite("Copying a ledger")
struct LedgerCopyTests {
    /// How many tasks are brought over: `SOUNDGATE_COPY_TASKS`, else 120.
    private static let count =
        ProcessInfo.processInfo.environment["SOUNDGATE_COPY_TASKS"].flatMap { Int($0) } ?? 120

    private struct BrokenOff: Error {}

    /// Fills a ledger with tasks at every stage, and returns them as they were stored.
    private func fill(_ ledger: SQLiteLedger, _ count: Int) async throws -> [TaskRecord] {
        var records: [TaskRecord] = []
        // Side by side, so that they are stored together.
        for first in stride(from: 0, to: count, by: 500) {
            records += try await withThrowingTaskGroup(of: TaskRecord.self) { group in
                for number in first..<min(first + 500, count) {
                    group.addTask { try await live(number, in: ledger) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        for _ in 0..<min(count / 4, 100) { try await settleNext(ledger) }
        return records
    }

    /// Stores a task as far as its number says.
    private func live(_ number: Int, in ledger: SQLiteLedger) async throws -> TaskRecord {
        var dice = SeededGenerator(seed: UInt64(number))
        var record = admitted("snd_\(100_000 + number)", at: ["a", "b"])
        record.client = number % 3 == 0 ? "team" : nil
        let id = record.id.rawValue
        let answer = FirstAnswer(
            key: IdempotencyKey(client: record.client, value: "k\(number)"),
            fingerprint: "f",
            task: record.id,
            status: 202,
            body: [1, 0, UInt8(number % 256)],
            createdAt: start
        )
        _ = try await ledger.admit(
            record,
            holder: one,
            answer: number % 4 == 0 ? answer : nil,
            messages: [message(1, of: id)]
        )
        if number % 2 == 0 {
            var change = try record.ended(.succeeded).0
            change.messages = [message(2, of: id)]
            try await ledger.commit(change)
            return change.record
        }
        var machine = (Stage.allCases.randomElement(using: &dice) ?? .queued).bench(record).machine
        if let change = machine.takeChange() { try await ledger.commit(change) }
        return machine.record
    }

    /// What is there beside the tasks.
    private func surroundings(_ ledger: any Ledger & Outbox) async throws -> [String] {
        let hour = UsageQuery.hour(of: start)
        let query = UsageQuery(owner: .everyone, hours: hour - 1000..<hour + 1000, by: .hour)
        var all = OutboxQuery()
        all.limit = 100_000
        let key = IdempotencyKey(client: "team", value: "k0")
        let tallies = try await ledger.tallies(of: "team", since: CalendarDay(start))
        return [
            "\(try await ledger.usage(query) ?? [])", "\(try await ledger.messages(all))",
            "\(String(describing: try await ledger.firstAnswer(to: key, now: start)))",
            "\(tallies.sorted { ($0.meter.unit, $0.millionths) < ($1.meter.unit, $1.millionths) })",
        ]
    }

    @Test("brings everything over, and the work goes on where it was")
    func whole() async throws {
        try await withFolder { folder in
            let source = try await SQLiteLedger(path: "\(folder)/ledger.db")
            let records = try await fill(source, Self.count)
            let url = try await PostgresServer.shared.freshURL()
            let target = try PostgresLedger(.init(url: url), loops: try TestLoops.all.get(), log: .current)
            let parts = try await LedgerCopy(from: source, called: "s", to: target).run { _ in }
            #expect(parts.map(\.name).contains("usage"))
            #expect(parts.first?.rows == Self.count)
            #expect(try await surroundings(target) == surroundings(source))
            for record in records {
                let (copied, kept) = (try await target.task(record.id), try await source.task(record.id))
                #expect(copied == kept)
                #expect(copied?.status == record.status)
            }
            let unfinished = Set(records.filter { !$0.status.hasEnded }.map(\.id))
            let claimed = try await target.claim(100_000, for: two, term: .seconds(60), now: start)
            #expect(Set(claimed.map(\.id)) == unfinished)
            // What comes after is told after what was copied.
            try await target.admit(admitted("snd_new"), holder: two, messages: [message(1, of: "snd_new")])
            #expect(try await target.messages(OutboxQuery()).first?.id == "snd_new.1")
            await source.close()
            await target.close()
        }
    }

    @Test(
        "goes on where it was broken off, and no gateway works with what is half there",
        arguments: [1, 3, 6, 9]
    )
    func resuming(_ batches: Int) async throws {
        try await withFolder { folder in
            let source = try await SQLiteLedger(path: "\(folder)/ledger.db")
            let records = try await fill(source, 40)
            let url = try await PostgresServer.shared.freshURL()
            func open() throws -> PostgresLedger {
                try PostgresLedger(.init(url: url), loops: try TestLoops.all.get(), log: .current)
            }
            let first = try open()
            await #expect(throws: BrokenOff.self) {
                var told = 0
                let copy = LedgerCopy(from: source, called: "s", to: first)
                _ = try await copy.run(batch: 15) { _ in
                    told += 1
                    if told > batches { throw BrokenOff() }
                }
            }
            await first.close()
            let gateway = try open()
            await #expect(throws: LedgerError.self) { try await gateway.open() }
            await #expect(throws: LedgerCopy.Obstacle.self) {
                _ = try await LedgerCopy(from: source, called: "another", to: gateway).run { _ in }
            }
            _ = try await LedgerCopy(from: source, called: "s", to: gateway).run { _ in }
            #expect(try await surroundings(gateway) == surroundings(source))
            for record in records { #expect(try await gateway.task(record.id) == source.task(record.id)) }
            await #expect(throws: LedgerCopy.Obstacle.self) {
                _ = try await LedgerCopy(from: source, called: "s", to: gateway).run { _ in }
            }
            await gateway.close()
            await source.close()
        }
    }

    @Test("refuses a database that is not empty, or that a gateway works with", arguments: [true, false])
    func refusals(_ isInUse: Bool) async throws {
        try await withFolder { folder in
            let source = try await SQLiteLedger(path: "\(folder)/ledger.db")
            _ = try await fill(source, 3)
            let target = try await LedgerStore.open(try await TestDatabases.shared.freshURL())
            if isInUse {
                _ = try await target.claim(1, for: one, term: .seconds(60), now: start)
            } else {
                try await target.admit(admitted("snd_0"), holder: one)
            }
            await #expect(throws: LedgerCopy.Obstacle.self) {
                _ = try await LedgerCopy(from: source, called: "s", to: target).run { _ in }
            }
            await target.close()
            await source.close()
        }
    }

    @Test("tells when what was copied is not what stands in the source")
    func differing() async throws {
        try await withFolder { folder in
            let source = try await SQLiteLedger(path: "\(folder)/ledger.db")
            _ = try await fill(source, 10)
            let url = try await PostgresServer.shared.freshURL()
            let target = try PostgresLedger(.init(url: url), loops: try TestLoops.all.get(), log: .current)
            try await PostgresServer.withPool(url, loops: 1) { pool in
                await #expect(throws: LedgerCopy.Obstacle.self) {
                    _ = try await LedgerCopy(from: source, called: "s", to: target).run { progress in
                        guard progress.part == "usage", progress.done == 0 else { return }
                        // Somebody's hand slips.
                        let slip = "UPDATE tasks SET revision = revision + 1 WHERE id = 'snd_100003'"
                        _ = try await pool.query(slip)
                    }
                }
                return
            }
            await target.close()
            await source.close()
        }
    }
}
