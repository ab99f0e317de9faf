import JSON
import Providers
import Sound
import Support
import Tasks
import Testing
import Threads
import Timing

@Suite("Gateways over one ledger", .timeLimit(.minutes(5)))
struct ReplicaTests {
    /// Waits of five seconds and more stand still: only signals bring news.
    private static func time() -> DreamTime { DreamTime(jumping: 4) }

    private static func busy(_ time: DreamTime, until isDone: Observed<Bool> = Observed(false)) -> PaperVendor
    {
        PaperVendor(
            time,
            [
                "create": { turn, _ in .took("j\(turn)") },
                "job": { _, _ in .state(isDone.value ? "failed" : "running") },
                "cancel": { _, _ in .json([:]) },
            ]
        )
    }

    @Test("a task is canceled at any of them, by the one that has it")
    func cancel() async throws {
        let time = Self.time()
        let vendor = Self.busy(time)
        try await withReplicas(2, vendor, time: time) { bench in
            let task = try await bench.accepted(try await bench.create(at: 0), at: 0)
            let canceled = try #require(try await bench.engines[1].cancel(task.id))
            #expect(canceled.status == .canceled)
            #expect(bench.engines[0].board.record(task.id)?.status == .canceled)
            await vendor.isAsked("cancel")
        }
    }

    @Test("who waits at another one hears of the end")
    func waiting() async throws {
        let time = Self.time()
        let isDone = Observed(false)
        let vendor = Self.busy(time, until: isDone)
        let pace = PollPace(first: .seconds(3), ceiling: .seconds(3))
        try await withReplicas(2, vendor, time: time, pace: pace) { bench in
            let task = try await bench.create(at: 0)
            async let waited: Void = bench.engines[1].waitForEnd(of: task.id, atMost: .seconds(600))
            await bench.bus.said.until { $0.contains { if case .watch = $0 { true } else { false } } }
            isDone.change { $0 = true }
            await waited
            let ended = try #require(try await bench.engines[1].current(task.id))
            #expect(ended.status == .failed)
            #expect(bench.engines[1].board.unfinished == 0, "it is not that one's task")
        }
    }

    @Test("each change that comes before the next look is heard of, the first one too")
    func news() async throws {
        let time = Self.time()
        let vendor = Self.busy(time)
        try await withReplicas(2, vendor, time: time) { bench in
            var seen = try await bench.create(at: 0)
            // By an attempt, its job and a cancel, as they come.
            while seen.attempts.first?.providerTaskID == nil {
                await bench.engines[1].waitForNews(of: seen.id, after: seen, atMost: .seconds(600))
                let next = try #require(try await bench.engines[1].current(seen.id))
                #expect(next.revision > seen.revision)
                seen = next
            }
        }
    }

    @Test("a callback that comes to another one is a reason to ask for the one that has the task")
    func callbacks() async throws {
        let time = Self.time()
        let isDone = Observed(false)
        let vendor = Self.busy(time, until: isDone)
        try await withReplicas(2, vendor, time: time) { bench in
            let task = try await bench.accepted(try await bench.create(at: 0), at: 0)
            let token = try #require(task.attempts.first?.callbackToken)
            isDone.change { $0 = true }
            await bench.engines[1].called(back: "a", token: token, .hint(job: "j1"))
            await bench.engines[0].waitForEnd(of: task.id, atMost: .seconds(600))
            #expect(bench.engines[0].board.record(task.id)?.status == .failed)
            await bench.engines[1].called(back: "a", token: "nobody's", .hint(job: "j1"))
            await bench.engines[1].called(back: "b", token: token, .hint(job: "j1"))
            let said = bench.bus.said.value.count { if case .callback = $0 { true } else { false } }
            #expect(said == 1)
        }
    }

    @Test("what one leaves when it stops, another goes on with at once")
    func leaving() async throws {
        let time = Self.time()
        let isDone = Observed(false)
        let vendor = Self.busy(time, until: isDone)
        let pace = PollPace(first: .seconds(3), ceiling: .seconds(3))
        try await withReplicas(2, vendor, time: time, pace: pace) { bench in
            let task = try await bench.accepted(try await bench.create(at: 0), at: 0)
            await bench.engines[0].stop(within: .seconds(1))
            isDone.change { $0 = true }
            var seen = task
            while !seen.status.hasEnded {
                await bench.engines[1].waitForNews(of: task.id, after: seen, atMost: .seconds(600))
                seen = try #require(try await bench.engines[1].current(task.id))
            }
            #expect(seen.status == .failed)
            #expect(seen.attempts.count == 1, "nothing was asked for twice")
            #expect(vendor.count("create") == 1)
        }
    }

    @Test("what one had that has died is taken up when its lease has run out, and its cancel with it")
    func death() async throws {
        let time = Self.time()
        let vendor = Self.busy(time)
        try await withReplicas(2, vendor, time: time) { bench in
            let task = try await bench.accepted(try await bench.create(at: 0), at: 0)
            // As a process that was killed: it says nothing and does nothing.
            bench.bus.isDeaf.withLock { $0 = true }
            await bench.engines[0].beginStopping()
            try await bench.ledger.requestCancel(of: task.id)
            // Its own lease is renewed at each third.
            for _ in 0..<4 {
                time.advance(by: 60)
                _ = await bench.engines[1].load()
                try await bench.ledger.checkWritable()
            }
            time.advance(by: 60)
            await bench.ledger.ended(task.id, waking: time)
            let ended = try await bench.ledger.task(task.id)
            #expect(ended?.status == .canceled)
            #expect(vendor.count("create") == 1)
        }
    }

    @Test("an operation that one has found to fail is left alone by all, until one has found it well")
    func breakers() async throws {
        // Beyond every pause between tries.
        let time = DreamTime(jumping: 200)
        let vendor = PaperVendor(time, ["create": { _, _ in .refused(.providerUnavailable) }])
        let name = RouteName(provider: "a", operation: "jobs")
        try await withReplicas(2, vendor, time: time, term: .seconds(1_000_000)) { bench in
            for _ in 0..<3 where bench.engines[0].troubles.isEmpty {
                let task = try await bench.create(at: 0)
                await bench.engines[0].waitForEnd(of: task.id, atMost: .seconds(1))
            }
            await bench.bus.said.until {
                $0.contains { if case .failing(name, _?) = $0 { true } else { false } }
            }
            let load = await bench.engines[1].load()
            // By a clock that jumps over waits it may be time for the next try already.
            #expect([.open, .halfOpen].contains(load["a"]?.breakers[name.operation]))
        }
    }

    @Test("a key that its vendor refused one of them is left alone by all")
    func keys() async throws {
        let time = Self.time()
        let vendor = PaperVendor(time, ["create": { _, _ in .refused(.providerAuth) }])
        try await withReplicas(2, vendor, time: time) { bench in
            let task = try await bench.create(at: 0)
            await bench.engines[0].waitForEnd(of: task.id, atMost: .seconds(600))
            let load = await bench.engines[1].load()
            #expect(load["a"]?.keys["main"]?.state == .setAside)
            let said = bench.bus.said.value.contains { if case .key = $0 { true } else { false } }
            #expect(said)
            #expect(!bench.bus.said.value.map(\.text).joined().contains("\"k\""), "no key goes over the bus")
        }
    }
}

extension SQLiteLedger {
    /// Returns when a task has ended, with the clock moved on whenever nothing happens by itself.
    fileprivate func ended(_ id: TaskID, waking time: DreamTime) async {
        for _ in 0..<2000 {
            if let record = try? await task(id), record.status.hasEnded { return }
            time.advance(by: 1)
        }
    }
}
