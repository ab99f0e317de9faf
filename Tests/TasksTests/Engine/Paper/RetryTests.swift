import HTTPServer
import Providers
import Sound
import Support
import Tasks
import Telemetry
import Testing

@Suite("Second tries", .timeLimit(.minutes(5)))
struct RetryTests {
    /// A hundred of two hundred fail at first: ten second tries are saved, forty earned, a few more come with time.
    @Test("while many calls fail, second tries are a share of the first ones and the rest wait")
    func budget() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(
            time,
            [
                "create": { turn, _ in
                    turn <= 200 && turn.isMultiple(of: 2) ? .refused(.providerUnavailable) : .took("j\(turn)")
                }
            ]
        )
        try await withPaper([vendor], time: time, places: 300) { bench in
            for _ in 0..<200 { _ = try await bench.create("a/jobs") }
            // None is lost: each that failed comes again.
            await vendor.isAsked("create", times: 300)
            #expect(bench.putOffs > 0)
        }
    }

    @Test("a second try at another provider is a first one there")
    func elsewhere() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let base = Observed("")
        let down = PaperVendor(time, ["create": { _, _ in .refused(.providerUnavailable) }])
        let up = PaperVendor(
            time,
            [
                "create": { turn, _ in .took("j\(turn)") },
                "job": { _, job in .state("succeeded", [job: "\(base.value)/file/\(job)"]) },
                "file": { _, _ in .wave(audio) },
            ]
        )
        let pace = PollPace(first: .seconds(1), ceiling: .seconds(1))
        try await withPaper([down, up], time: time, pace: pace, places: 100) { bench in
            base.change { $0 = bench.providers[1].baseURL }
            var tasks: [TaskRecord] = []
            for _ in 0..<30 { tasks.append(try await bench.create("a/jobs", "b/jobs")) }
            for task in tasks { #expect(try await bench.end(of: task).status == .succeeded) }
            #expect(up.count("create") == 30)
            #expect(bench.putOffs == 0)
        }
    }
}

extension PaperBench {
    /// How often a second try had to wait for its provider's budget.
    fileprivate var putOffs: Int { log.messages.count { $0.hasPrefix("a second try is put off") } }
}
