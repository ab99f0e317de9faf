import Sound
import Support
import Tasks
import Testing

@Suite("The engine's lease", .timeLimit(.minutes(5)))
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
                    await bench.time.longWaits.until { $0 == count }
                    bench.time.advance(by: 60)
                    await ledger.renewals.until { $0 == count }
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

    @Test("what was claimed is worked on although the next claim fails")
    func partOfTheWork() async throws {
        try await withFolder { folder in
            let vendor = Vendor(audio: try audioBytes(in: folder))
            let ledger = MemoryLedger()
            try await withEngine([("suno", vendor)], ledger: ledger, folder: folder) { bench in
                let left = try await bench.create()
                let ended = try #require(await bench.end(of: left))
                #expect(ended.status == .succeeded)
                ledger.leave(bench.unfinished("snd_left"))
                ledger.failClaim(2)
                await #expect(throws: LedgerError.unavailable("on purpose")) {
                    try await bench.engine.recover()
                }
                let id = TaskID(rawValue: "snd_left")
                await bench.engine.waitForEnd(of: id, atMost: .seconds(100_000))
                #expect(bench.engine.board.record(id)?.status == .succeeded)
            }
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

    // MARK: One of several

    /// Runs a test with an engine that has others beside it, and their end of the bus.
    private func amongOthers(
        polls: [Vendor.Poll] = [.success],
        lease: Duration = .seconds(1_000_000),
        _ body: (EngineBench, MemoryLedger, Vendor, _ others: MemoryBus.End) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let vendor = Vendor(polls: polls, audio: try audioBytes(in: folder))
            let (ledger, bus) = (MemoryLedger(), MemoryBus())
            defer { bus.close() }
            try await withEngine(
                [("suno", vendor)],
                ledger: ledger,
                folder: folder,
                lease: lease,
                bus: MemoryBus.End(bus: bus, number: 0)
            ) { bench in
                try await body(bench, ledger, vendor, MemoryBus.End(bus: bus, number: 1))
            }
        }
    }

    private func expectSuccess(of task: TaskRecord, _ bench: EngineBench) async throws {
        let ended = try #require(await bench.end(of: task))
        #expect(ended.status == .succeeded)
    }

    private static let notYet = LedgerError.unreachable("work has not been taken up yet")

    @Test("of several gateways none admits a sound before it has a lease: nobody would work on it")
    func beforeTheLease() async throws {
        try await amongOthers { bench, ledger, _, _ in
            ledger.failClaim(1)
            await #expect(throws: LedgerError.unavailable("on purpose")) {
                try await bench.engine.recover()
            }
            await #expect(throws: Self.notYet) { try await bench.create() }
            #expect(ledger.isEmpty)
            _ = try await bench.engine.recover()
            try await expectSuccess(of: try await bench.create(), bench)
        }
    }

    @Test("nor after it has lost its lease, until it has another one")
    func afterTheLease() async throws {
        try await amongOthers(lease: Self.term * 10) { bench, ledger, _, _ in
            _ = try await bench.engine.recover()
            ledger.loseLease()
            ledger.failClaim(1)
            await bench.time.longWaits.until { $0 == 1 }
            bench.time.advance(by: 600)
            // It tries again after a thirtieth of the term.
            await bench.time.longWaits.until { $0 == 2 }
            await #expect(throws: Self.notYet) { try await bench.create() }
            #expect(ledger.claims.value == 2)
            bench.time.advance(by: 60)
            await bench.time.longWaits.until { $0 == 3 }
            #expect(ledger.claims.value == 3)
            try await expectSuccess(of: try await bench.create(), bench)
        }
    }

    @Test("a claim that finds the lease gone begins another one, and takes the work with it")
    func claimWithoutALease() async throws {
        try await amongOthers { bench, ledger, _, others in
            _ = try await bench.engine.recover()
            ledger.loseLease()
            ledger.leave(bench.unfinished("snd_left"))
            others.send(.work, to: nil)
            await ledger.until(TaskID(rawValue: "snd_left")) { $0.status.hasEnded }
            #expect(
                ledger.claims.value >= 3,
                "one to begin, one that found it gone, one that took the work"
            )
            try await expectSuccess(of: try await bench.create(), bench)
        }
    }

    @Test("what was claimed under a name that is lost before the next claim is left to whoever has it now")
    func claimedUnderALostName() async throws {
        try await amongOthers { bench, ledger, vendor, _ in
            // This ledger gives a task away once: after the first claim it is another gateway's.
            ledger.leave(bench.unfinished("snd_left"))
            ledger.failClaim(2, .leaseLost)
            #expect(try await bench.engine.recover() == 0)
            #expect(ledger.claims.value == 3, "a task, a lease that is gone, no work")
            #expect(bench.engine.board.record(TaskID(rawValue: "snd_left")) == nil)
            // Whatever might have been begun for it would have been before this.
            try await expectSuccess(of: try await bench.create(), bench)
            #expect(vendor.creates == 1)
        }
    }

    @Test("what was admitted under a name that is lost meanwhile waits for a claim")
    func admittedUnderALostName() async throws {
        try await amongOthers { bench, ledger, vendor, others in
            _ = try await bench.engine.recover()
            let claims = ledger.claims.value
            ledger.meanwhile {
                ledger.loseLease()
                others.send(.work, to: nil)
                // The first finds the lease gone, the second begins another one.
                await ledger.claims.until { $0 >= claims + 2 }
            }
            let task = try await bench.create()
            ledger.meanwhile {}
            _ = await bench.engine.load()
            #expect(bench.engine.board.record(task.id) == nil)
            #expect(vendor.creates == 0, "the ledger would take no change of it")
            others.send(.work, to: nil)
            await ledger.until(task.id) { $0.status.hasEnded }
            #expect(vendor.creates == 1)
        }
    }

    @Test("a change that is refused late lets go of nothing that was taken up under the next name")
    func lateRefusal() async throws {
        try await amongOthers(polls: [.hang, .success]) { bench, ledger, vendor, others in
            let isSent = Observed(false)
            let isAnswered = Observed(false)
            ledger.refuse { number in
                guard number == 1 else { return nil }
                isSent.change { $0 = true }
                await isAnswered.until { $0 }
                return .leaseLost
            }
            _ = try await bench.engine.recover()
            let task = try await bench.create()
            await isSent.until { $0 }
            ledger.loseLease()
            others.send(.work, to: nil)
            // The next entry is at work when the answer comes to the one before.
            await vendor.isAsked("poll")
            isAnswered.change { $0 = true }
            _ = await bench.engine.load()
            vendor.open()
            try await expectSuccess(of: task, bench)
        }
    }
}
