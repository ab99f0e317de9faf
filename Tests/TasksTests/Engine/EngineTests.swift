import Assets
import Providers
import Sound
import Tasks
import Telemetry
import Testing
import Timing

@Suite("The engine with a vendor on the loopback", .timeLimit(.minutes(5)))
struct EngineTests {
    @Test("a task is created, submitted, polled, fetched and succeeds")
    func straight() async throws {
        try await withFolder { folder in
            let vendor = Vendor(
                polls: [.pending, .page(502), .first, .success],
                audio: try audioBytes(in: folder)
            )
            try await withEngine([("suno", vendor)], folder: folder) { bench in
                let task = try await bench.create()
                let ended = try #require(await bench.end(of: task))
                #expect(ended.status == .succeeded)
                #expect(ended.outputs.map(\.status) == [.ready, .ready])
                #expect(ended.attempts.map(\.state) == [.succeeded])
                #expect(ended.attempts.map(\.providerTaskID) == ["job1"])
                #expect(vendor.creates == 1)
                #expect(vendor.polls == 4)
                let kept = try #require(ended.outputs[0].asset)
                #expect(try bytes(ofFile: bench.store.path(of: kept)) == audioBytes(in: folder))
            }
        }
    }

    @Test(
        "an answer that is lost after the job was taken is never asked for again",
        arguments: [true, false]
    )
    func lostAnswer(_ isCut: Bool) async throws {
        try await withFolder { folder in
            let vendor = Vendor(
                creates: [isCut ? .acceptAndCut : .page(502), .accept],
                audio: try audioBytes(in: folder)
            )
            let other = Vendor(audio: try audioBytes(in: folder))
            let ledger = MemoryLedger()
            let (unknown, tell) = AsyncStream<Void>.makeStream()
            ledger.fail(0) { [unowned ledger] in
                if ledger.commits.last?.record.attempts.last?.state == .unknown { tell.yield() }
            }
            try await withEngine([("suno", vendor), ("other", other)], ledger: ledger, folder: folder) {
                bench in
                let task = try await bench.create(at: ["suno", "other"])
                for await _ in unknown { break }
                bench.time.advance(by: 900)
                let ended = try #require(await bench.end(of: task))
                #expect(ended.status == .failed)
                #expect(ended.error?.code == .acceptanceUnknown)
                #expect(ended.attempts.map(\.state) == [.unknown])
                #expect(vendor.creates == 1)
                #expect(other.creates == 0)
            }
        }
    }

    @Test("a vendor that fails again and again is left alone, and found again when it is back")
    func breaker() async throws {
        try await withFolder { folder in
            let audio = try audioBytes(in: folder)
            // Six codes of maintenance: five open the breaker, the sixth answers the first probe.
            let down = Array(repeating: Vendor.Create.refuse(455), count: 6)
            let first = Vendor(creates: down + [.accept], audio: audio)
            try await withEngine([("suno", first)], folder: folder) { bench in
                func provider() async throws -> String? {
                    // The synthesizer takes no time on this clock.
                    let ended = await bench.end(
                        of: try await bench.create(at: ["suno", "builtin"]) { $0.duration = 1 }
                    )
                    return ended?.attempts.last?.name.provider
                }
                for _ in 0..<8 {
                    let went = try await provider()
                    #expect(went == "builtin")
                }
                #expect(first.creates == 5, "an open breaker sends nothing")
                #expect(await bench.engine.load()["suno"]?.breakers == ["sounds": .open])
                bench.time.advance(by: 5)
                let probe = try await provider()
                #expect(probe == "builtin")
                #expect(first.creates == 6, "one call finds out")
                bench.time.advance(by: 10)
                let back = try await provider()
                #expect(back == "suno")
                #expect(await bench.engine.load()["suno"]?.breakers == ["sounds": .closed])
            }
        }
    }

    @Test("a refused create goes to the next provider, one about the prompt does not")
    func refused() async throws {
        try await withFolder { folder in
            let audio = try audioBytes(in: folder)
            let first = Vendor(creates: [.refuse(400), .refuse(429)], audio: audio)
            let second = Vendor(audio: audio)
            try await withEngine([("suno", first), ("other", second)], folder: folder) { bench in
                let stopped = try #require(
                    await bench.end(of: try await bench.create(at: ["suno", "other"]))
                )
                #expect(stopped.status == .failed)
                #expect(stopped.error?.code == .providerRejected)
                #expect(second.creates == 0)
                let moved = try #require(await bench.end(of: try await bench.create(at: ["suno", "other"])))
                #expect(moved.status == .succeeded)
                #expect(moved.attempts.map(\.name.provider) == ["suno", "other"])
                #expect(moved.attempts.map(\.error?.code) == [.insufficientCredits, nil])
                // Its only account is empty: it is not even asked.
                let spared = try #require(await bench.end(of: try await bench.create(at: ["suno", "other"])))
                #expect(spared.status == .succeeded)
                #expect(spared.attempts.map(\.error?.code) == [.insufficientCredits, nil])
                #expect(first.creates == 2)
            }
        }
    }

    @Test("an attempt after a failed job fetches its own takes")
    func secondAttemptFetches() async throws {
        try await withFolder { folder in
            let audio = try audioBytes(in: folder)
            // The first job shows a take that can never be fetched, then fails.
            let first = Vendor(polls: [.first, .failed], audio: audio, badDownloads: .max)
            let second = Vendor(polls: [.pending, .success], audio: audio)
            try await withEngine([("suno", first), ("other", second)], folder: folder) { bench in
                let ended = try #require(await bench.end(of: try await bench.create(at: ["suno", "other"])))
                #expect(ended.status == .succeeded)
                #expect(ended.outputs.map(\.status) == [.ready, .ready])
                #expect(ended.attempts.map(\.state) == [.failed, .succeeded])
            }
        }
    }

    @Test(
        "a result that comes late is fetched again, one that never comes is a bad result",
        arguments: [3, Int.max]
    )
    func lateResult(_ bad: Int) async throws {
        try await withFolder { folder in
            let vendor = Vendor(audio: try audioBytes(in: folder), badDownloads: bad)
            try await withEngine([("suno", vendor)], folder: folder) { bench in
                let ended = try #require(await bench.end(of: try await bench.create()))
                #expect(ended.status == (bad == 3 ? .succeeded : .failed))
                #expect(ended.error?.code == (bad == 3 ? nil : .badResult))
                #expect(vendor.creates == 1)
            }
        }
    }

    @Test("never more jobs at once than the credential has places")
    func places() async throws {
        try await withFolder { folder in
            let vendor = Vendor(polls: [.pending, .pending, .success], audio: try audioBytes(in: folder))
            try await withEngine([("suno", vendor)], places: 3, folder: folder) { bench in
                var tasks: [TaskRecord] = []
                for _ in 0..<20 { tasks.append(try await bench.create()) }
                for task in tasks {
                    let ended = await bench.end(of: task)
                    #expect(ended?.status == .succeeded)
                }
                #expect(vendor.creates == 20)
                #expect(vendor.mostRunning <= 3)
                #expect(vendor.mostRunning > 1)
                let load = await bench.engine.load()
                #expect(load["suno"]?.running == 0)
                #expect(load["suno"]?.waiting == 0)
            }
        }
    }

    @Test("cancel ends a task that is under way and one that waits, and frees their places")
    func cancel() async throws {
        try await withFolder { folder in
            let vendor = Vendor(polls: [.hang], audio: try audioBytes(in: folder))
            try await withEngine([("suno", vendor)], places: 1, folder: folder) { bench in
                let running = try await bench.create()
                await vendor.isAsked("poll")
                let waiting = try await bench.create()
                let next = try await bench.create()
                _ = try await bench.engine.cancel(waiting.id)
                let first = await bench.end(of: waiting)
                #expect(first?.status == .canceled)
                #expect(first?.attempts.isEmpty == true)
                _ = try await bench.engine.cancel(running.id)
                let second = await bench.end(of: running)
                #expect(second?.status == .canceled)
                #expect(second?.attempts.map(\.state) == [.canceled])
                vendor.open()
                let ended = await bench.end(of: next)
                #expect(ended?.status == .succeeded)
                #expect(vendor.creates == 2)
            }
        }
    }

    @Test("the deadline ends a task whose vendor is silent, and others go on")
    func deadline() async throws {
        try await withFolder { folder in
            let vendor = Vendor(polls: [.hang], audio: try audioBytes(in: folder))
            try await withEngine([("suno", vendor)], places: 1, folder: folder) { bench in
                let short = try await bench.create(deadline: .seconds(100))
                await vendor.isAsked("poll")
                let long = try await bench.create(deadline: .seconds(5000))
                bench.time.advance(by: 100)
                let ended = await bench.end(of: short)
                #expect(ended?.error?.code == .deadlineExceeded)
                vendor.open()
                let other = await bench.end(of: long)
                #expect(other?.status == .succeeded)
            }
        }
    }

    @Test("a key that stays refused ends a task, after some patience")
    func refusedPolls() async throws {
        try await withFolder { folder in
            let vendor = Vendor(polls: [.unauthorized], audio: try audioBytes(in: folder))
            try await withEngine([("suno", vendor)], folder: folder) { bench in
                let ended = try #require(await bench.end(of: try await bench.create()))
                #expect(ended.error?.code == .providerAuth)
                #expect(vendor.polls == 6)
                #expect(vendor.creates == 1)
            }
        }
    }

    @Test("a failed commit is tried again, and nothing is sent before it holds")
    func failingLedger() async throws {
        try await withFolder { folder in
            let vendor = Vendor(audio: try audioBytes(in: folder))
            let ledger = MemoryLedger()
            ledger.fail(4) { [unowned ledger] in
                // The first five commits are the tries to store the attempt.
                if ledger.attempted <= 5 { #expect(vendor.creates == 0) }
            }
            try await withEngine([("suno", vendor)], ledger: ledger, folder: folder) { bench in
                let ended = try #require(await bench.end(of: try await bench.create()))
                #expect(ended.status == .succeeded)
                #expect(ledger.attempted == ledger.commits.count + 4)
                #expect(vendor.creates == 1)
                #expect(ledger.commits.first?.record.attempts.map(\.state) == [.intended])
                let messages = bench.log.messages
                #expect(messages.count { $0 == "a change could not be stored; trying again" } == 1)
                #expect(messages.count { $0 == "the ledger takes changes again" } == 1)
            }
        }
    }

    @Test("rendering in this process needs no vendor")
    func rendering() async throws {
        try await withFolder { folder in
            try await withEngine([], folder: folder) { bench in
                let task = try await bench.create(at: ["builtin"]) {
                    $0.duration = 0.5
                    $0.variations = 2
                    $0.format = .flac
                }
                let ended = try #require(await bench.end(of: task))
                #expect(ended.status == .succeeded)
                #expect(ended.outputs.compactMap(\.asset?.format) == [.flac, .flac])
                #expect(ended.outputs[0].asset?.sha256 != ended.outputs[1].asset?.sha256)
            }
        }
    }

    @Test("wake-ups do not multiply when earlier times keep coming")
    func wakeUps() async throws {
        try await withFolder { folder in
            let vendor = Vendor(creates: [.hang], audio: try audioBytes(in: folder))
            try await withEngine([("suno", vendor)], places: 1, folder: folder) { bench in
                var tasks: [TaskRecord] = []
                for number in 0..<60 {
                    tasks.append(try await bench.create(deadline: .seconds(20_000 - 100 * number)))
                }
                let first = bench.time.asked
                // By its answer the engine has taken up every task, by the clock of their creation.
                _ = await bench.engine.load()
                bench.time.advance(by: 14_000)
                // Step by step: a clock that runs on while the engine sets its alarm would set it too late.
                for task in tasks.reversed() {
                    bench.time.advance(by: 100)
                    let ended = await bench.end(of: task)
                    #expect(ended?.status == .failed)
                }
                #expect(bench.time.asked - first < 200)
            }
        }
    }
}
