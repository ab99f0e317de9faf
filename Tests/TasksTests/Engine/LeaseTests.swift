import Sound
import Support
import Tasks
import Testing

@Suite("The engine's lease", .timeLimit(.minutes(1)))
struct LeaseTests {
    /// Longer than the clock jumps over by itself, also a third of it.
    private static let term = Duration.seconds(180)
    private static let later = Moment(milliseconds: 9_000_000_000_000)

    @Test("it is renewed at each third of its term")
    func renewal() async throws {
        try await withFolder { folder in
            let ledger = MemoryLedger()
            try await withEngine([], ledger: ledger, folder: folder, lease: Self.term) { bench in
                _ = try await bench.engine.recover()
                for count in 1...3 {
                    bench.time.advance(by: 60)
                    await ledger.renewals.until { $0 == count }
                    // What was asked for before is asked for before this returns.
                    _ = await bench.engine.load()
                }
            }
        }
    }

    @Test("what another process has taken over is dropped at the first change")
    func fencing() async throws {
        try await withFolder { folder in
            let vendor = Vendor(polls: [.hang, .success], audio: try audioBytes(in: folder))
            let ledger = try await SQLiteLedger(path: "\(folder)/ledger.db")
            try await withEngine([("suno", vendor)], ledger: ledger, folder: folder, lease: Self.term) {
                bench in
                _ = try await bench.engine.recover()
                let task = try await bench.create()
                await vendor.isAsked("poll")
                let taken = try await ledger.claim(9, for: two, until: Self.later, now: Self.later)
                #expect(taken.map(\.id) == [task.id])
                vendor.open()
                await bench.engine.waitForEnd(of: task.id, atMost: .seconds(100_000))
                #expect(bench.engine.board.record(task.id) == nil)
                #expect(bench.engine.board.unfinished == 0)
                let load = await bench.engine.load()
                #expect(load["suno"]?.running == 0)
                let stored = try await ledger.task(task.id)
                #expect(stored == taken.first)
            }
            await ledger.close()
        }
    }

    @Test("with the lease all tasks are lost, and the next ones are held under a new name")
    func loss() async throws {
        try await withFolder { folder in
            let vendor = Vendor(polls: [.hang, .success], audio: try audioBytes(in: folder))
            let ledger = try await SQLiteLedger(path: "\(folder)/ledger.db")
            try await withEngine([("suno", vendor)], ledger: ledger, folder: folder, lease: Self.term) {
                bench in
                _ = try await bench.engine.recover()
                let task = try await bench.create()
                await vendor.isAsked("poll")
                let first = try await ledger.claim(9, for: two, until: Self.later, now: Self.later)
                #expect(first.count == 1)
                bench.time.advance(by: 60)
                await bench.engine.waitForEnd(of: task.id, atMost: .seconds(100_000))
                #expect(bench.engine.board.record(task.id) == nil)
                vendor.open()
                let next = try await bench.create()
                let ended = try #require(await bench.end(of: next))
                #expect(ended.status == .succeeded)
                #expect(vendor.creates == 2)
                let stored = try await ledger.task(task.id)
                #expect(stored == first.first)
            }
            await ledger.close()
        }
    }
}
