import HTTPServer
import Providers
import Sound
import Support
import Tasks
import Telemetry
import Testing
import Webhooks

@Suite("Calls beyond a client's quota", .timeLimit(.minutes(5)))
struct QuotaTests {
    private static let quota = Quota([Quota.Limit(1, Meter("credits"), per: .month)])
    private static let pace = PollPace(first: .seconds(1), ceiling: .seconds(1))

    /// A vendor whose jobs give one take, however many were asked for.
    private func frugal(_ time: DreamTime, _ base: Observed<String>, _ audio: [UInt8]) -> PaperVendor {
        PaperVendor(
            time,
            [
                "create": { turn, _ in .took("j\(turn)") },
                "job": { _, job in .state("succeeded", [job: "\(base.value)/file/\(job)"]) },
                "file": { _, _ in .wave(audio) },
            ]
        )
    }

    @Test(
        "what a vendor left out is asked for again while there is quota, and left out when there is none",
        arguments: [false, true]
    )
    func topUp(isUsedUp: Bool) async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let base = Observed("")
        let vendor = frugal(time, base, audio)
        try await withPaper([vendor], time: time, pace: Self.pace) { bench in
            base.change { $0 = bench.providers[0].baseURL }
            bench.engine.quotas.set(["team": Self.quota])
            bench.ledger.isUsedUp.change { $0 = isUsedUp }
            let task = try await bench.create("a/jobs", takesPerCall: 2, client: "team") {
                $0.variations = 2
                $0.webhookURL = "https://hooks.example"
            }
            let ended = try await bench.end(of: task)
            #expect(ended.status == .succeeded)
            #expect(ended.outputs.map(\.status) == [.ready, isUsedUp ? .failed : .ready])
            #expect(vendor.count("create") == (isUsedUp ? 1 : 2))
            #expect(
                Set(bench.ledger.messages.map(\.id)).count == bench.ledger.messages.count,
                "each is told once"
            )
            #expect(bench.ledger.messages.last?.type == "sound.succeeded")
        }
    }

    @Test("the next provider is not asked when its price is beyond the quota; another client's task goes on")
    func nextProvider() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let base = Observed("")
        let refusing = PaperVendor(time, ["create": { _, _ in .refused(.providerUnavailable) }])
        let vendor = frugal(time, base, audio)
        try await withPaper([refusing, vendor], time: time, pace: Self.pace) { bench in
            base.change { $0 = bench.providers[1].baseURL }
            bench.engine.quotas.set(["team": Self.quota])
            bench.ledger.isUsedUp.change { $0 = true }
            let task = try await bench.create("a/jobs", "b/jobs", client: "team")
            let other = try await bench.create("a/jobs", "b/jobs", client: "other")
            let ended = try await bench.end(of: task)
            #expect(ended.error?.code == .providerUnavailable)
            #expect(ended.attempts.map(\.name.provider) == ["a"])
            #expect(try await bench.end(of: other).status == .succeeded)
            #expect(vendor.count("create") == 1)
        }
    }

    @Test("a quota that is only watched is held against nothing")
    func watched() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let base = Observed("")
        let vendor = frugal(time, base, audio)
        try await withPaper([vendor], time: time, pace: Self.pace) { bench in
            base.change { $0 = bench.providers[0].baseURL }
            bench.engine.quotas.set(["team": Quota(Self.quota.limits, isEnforced: false)])
            bench.ledger.isUsedUp.change { $0 = true }
            let task = try await bench.create("a/jobs", takesPerCall: 2, client: "team") { $0.variations = 2 }
            #expect(try await bench.end(of: task).outputs.map(\.status) == [.ready, .ready])
        }
    }
}
