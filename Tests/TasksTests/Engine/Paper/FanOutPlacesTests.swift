import HTTPServer
import Providers
import Sound
import Support
import Tasks
import Testing

@Suite("Places and fan-out", .timeLimit(.minutes(5)))
struct FanOutPlacesTests {
    @Test("the calls of one task take no more places than there are, and give each back once")
    func places() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let base = Observed("")
        let vendor = PaperVendor(
            time,
            [
                "create": { turn, _ in turn == 2 ? .refused(.rateLimited) : .took("j\(turn)") },
                "job": { _, job in .state("succeeded", [job: "\(base.value)/file/\(job)"]) },
                "file": { _, _ in .wave(audio) },
            ]
        )
        let pace = PollPace(first: .seconds(1), ceiling: .seconds(1))
        try await withPaper([vendor], time: time, pace: pace, places: 2) { bench in
            base.change { $0 = bench.providers[0].baseURL }
            let held = Observed(0)
            let task = try await bench.create("a/jobs", takesPerCall: 1) { $0.variations = 6 }
            for calls in 1...7 {
                await vendor.isAsked("create", times: calls)
                let running = await bench.engine.load()["a"]?.running ?? 0
                held.change { $0 = max($0, running) }
            }
            let ended = try await bench.end(of: task)
            #expect(ended.outputs.map(\.status) == Array(repeating: .ready, count: 6))
            #expect(ended.attempts.count == 7)
            #expect(held.value <= 2)
            #expect(
                bench.ledger.commits.allSatisfy { change in
                    change.record.attempts.count { $0.state == .intended || $0.state == .accepted } <= 2
                }
            )
            let load = await bench.engine.load()
            #expect((load["a"]?.running, load["a"]?.waiting) == (0, 0))
        }
    }

    @Test("a provider that is switched off is asked about what it has, and gets nothing new")
    func disabled() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let base = Observed("")
        let vendor = PaperVendor(
            time,
            [
                "job": { _, job in .state("succeeded", [job: "\(base.value)/file/\(job)"]) },
                "file": { _, _ in .wave(audio) },
            ]
        )
        let ledger = MemoryLedger()
        var record = admitted("snd_1", at: ["a"])
        record.routes[0].name = RouteName(provider: "a", operation: "jobs")
        var earlier = Bench(record)
        earlier.apply(.slotGranted(request: 1, credential: "key-1", token: nil))
        earlier.apply(.accepted(attempt: 1, RemoteJob(id: "j1")))
        ledger.leave(earlier.record)
        let pace = PollPace(first: .seconds(1), ceiling: .seconds(1))
        try await withPaper([vendor], time: time, pace: pace, ledger: ledger, enabled: false) { bench in
            base.change { $0 = bench.providers[0].baseURL }
            _ = try await bench.engine.recover()
            #expect(try await bench.end(of: record).status == .succeeded)
            let refused = try await bench.end(of: try await bench.create("a/jobs"))
            #expect(refused.error?.code == .providerUnavailable)
            #expect(vendor.count("create") == 0)
        }
    }
}
