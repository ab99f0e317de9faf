import Providers
import Sound
import Tasks
import Testing

@Suite("The engine after a restart", .timeLimit(.minutes(5)))
struct RestartTests {
    @Test("a job that was under way is polled to its end, not created again")
    func resumes() async throws {
        try await withFolder { folder in
            let path = "\(folder)/ledger.db"
            let vendor = Vendor(polls: [.hang, .success], audio: try audioBytes(in: folder))
            var task: TaskRecord?
            let first = try await SQLiteLedger(path: path)
            try await withEngine([("suno", vendor)], ledger: first, folder: folder) { bench in
                task = try await bench.create()
                await vendor.isAsked("poll")
            }
            await first.close()
            let id = try #require(task?.id)
            let second = try await SQLiteLedger(path: path)
            try await withEngine([("suno", vendor)], ledger: second, folder: folder) { bench in
                let count = try await bench.engine.recover()
                #expect(count == 1)
                await bench.engine.waitForEnd(of: id, atMost: .seconds(100_000))
                #expect(bench.engine.board.record(id)?.status == .succeeded)
                #expect(vendor.creates == 1)
                let stored = try await second.task(id)
                #expect(stored == bench.engine.board.record(id))
            }
            await second.close()
        }
    }

    @Test("each state goes on where it stood", arguments: Stage.allCases.filter { $0 != .rendering })
    func stages(_ stage: Stage) async throws {
        try await withFolder { folder in
            let vendor = Vendor(audio: try audioBytes(in: folder))
            let ledger = MemoryLedger()
            var record = stage.bench(admitted("snd_1", at: ["suno"])).record
            // The takes of the stage lie at an address that nobody may ask, until the vendor names another.
            for index in record.outputs.indices {
                record.outputs[index].providerKey = "j1-\(index)"
                record.outputs[index].sourceURL = "http://127.0.0.1:1/\(index).wav"
            }
            ledger.leave(record)
            try await withEngine([("suno", vendor)], ledger: ledger, folder: folder) { bench in
                let count = try await bench.engine.recover()
                #expect(count == 1)
                if stage == .intended || stage == .unknown { bench.time.advance(by: 900) }
                let ended = try #require(await bench.end(of: record))
                #expect(vendor.creates == (stage == .queued ? 1 : 0))
                switch stage {
                case .intended, .unknown:
                    #expect(ended.error?.code == .acceptanceUnknown)
                case .succeededFetching: #expect(ended.error?.code == .badResult)
                default: #expect(ended.status == .succeeded)
                }
                let load = await bench.engine.load()
                #expect(load["suno"]?.running == 0)
            }
        }
    }

    @Test("a rendering that was cut short is made again")
    func rendering() async throws {
        try await withFolder { folder in
            let ledger = MemoryLedger()
            var record = admitted("snd_1", at: ["builtin"]) { $0.duration = 0.5 }
            record.routes[0].name = RouteName(provider: "builtin", operation: "procedural")
            var bench = Bench(record)
            bench.apply(.slotGranted(request: 1, credential: nil, token: nil))
            bench.apply(.renderingBegan(attempt: 1, takes: 1))
            ledger.leave(bench.record)
            try await withEngine([], ledger: ledger, folder: folder) { bench in
                _ = try await bench.engine.recover()
                let ended = await bench.end(of: record)
                #expect(ended?.status == .succeeded)
                #expect(ended?.attempts.count == 1)
            }
        }
    }

    @Test("a task of a provider that is gone fails, it does not hang")
    func goneProvider() async throws {
        try await withFolder { folder in
            let ledger = MemoryLedger()
            ledger.leave(admitted("snd_1", at: ["gone"]))
            try await withEngine([], ledger: ledger, folder: folder) { bench in
                _ = try await bench.engine.recover()
                let ended = await bench.end(of: admitted("snd_1"))
                #expect(ended?.error?.code == .providerUnavailable)
            }
        }
    }

    @Test("a place that comes free while stopping begins nothing")
    func stopping() async throws {
        try await withFolder { folder in
            let vendor = Vendor(creates: [.hang], audio: try audioBytes(in: folder))
            let ledger = MemoryLedger()
            try await withEngine([("suno", vendor)], ledger: ledger, places: 1, folder: folder) { bench in
                _ = try await bench.create()
                await vendor.isAsked("create")
                let waiting = try await bench.create()
                await bench.engine.stop(within: .zero)
                vendor.open()
                let stored = try await ledger.task(waiting.id)
                #expect(stored?.status == .queued)
                #expect(stored?.attempts == [])
            }
            #expect(vendor.creates == 1)
        }
    }
}
