import HTTP
import HTTPServer
import Providers
import Sound
import Support
import Tasks
import Testing
import Timing

/// What vendors say by themselves, at best a reason to ask.
@Suite("Hints and news", .timeLimit(.minutes(5)))
struct HintTests {
    private let second: UInt64 = 1_000_000_000

    /// Polls that answer in turn, the last again and again.
    private func states(_ states: String...) -> PaperVendor.Script {
        { turn, _ in .state(states[min(turn, states.count) - 1]) }
    }

    private func hint(_ task: TaskRecord, in bench: PaperBench, job: String? = nil) async {
        await bench.engine.called(back: "a", token: task.attempts.first?.callbackToken, .hint(job: job))
    }

    @Test("a hint has the vendor asked at once, and not more than once a second")
    func atOnce() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(time, ["create": { _, _ in .took("j1") }, "job": states("running")])
        try await withPaper([vendor], time: time) { bench in
            let task = try await bench.accepted(try await bench.create("a/jobs"))
            let before = time.instant
            await hint(task, in: bench)
            await vendor.isAsked("job")
            for times in 2...4 {
                await hint(task, in: bench, job: "j1")
                await hint(task, in: bench)
                await vendor.isAsked("job", times: times)
            }
            let asked = vendor.calls("job").map(\.instant)
            #expect(asked[0] == before)
            #expect(zip(asked, asked.dropFirst()).allSatisfy { $1 - $0 == second })
            let counts = await bench.counts()
            #expect(counts.used == 7)
        }
    }

    @Test("a hint that comes before the create is answered is not forgotten")
    func beforeAcceptance() async throws {
        let time = DreamTime()
        let gate = Observed(false)
        let vendor = PaperVendor(
            time,
            [
                "create": { _, _ in
                    await gate.until { $0 }
                    return .took("j1")
                },
                "job": states("failed"),
            ]
        )
        try await withPaper([vendor], time: time) { bench in
            let created = try await bench.create("a/jobs")
            let task = try await bench.until(created) { !$0.attempts.isEmpty }
            await vendor.isAsked("create")
            await hint(task, in: bench, job: "j1")
            gate.change { $0 = true }
            #expect(try await bench.end(of: task).error?.code == .providerFailed)
            #expect(vendor.count("job") == 1)
        }
    }

    @Test("a job that was told of before its create was answered is found when that answer is lost")
    func toldBeforeTheAnswerIsLost() async throws {
        let time = DreamTime()
        let gate = Observed(false)
        let vendor = PaperVendor(
            time,
            [
                "create": { _, _ in
                    await gate.until { $0 }
                    return Response(.badGateway, text: "<html>")
                },
                "job": states("failed"),
            ]
        )
        try await withPaper([vendor], time: time) { bench in
            let created = try await bench.create("a/jobs")
            let task = try await bench.until(created) { !$0.attempts.isEmpty }
            await vendor.isAsked("create")
            await hint(task, in: bench, job: "j1")
            gate.change { $0 = true }
            let ended = try await bench.end(of: task)
            #expect(ended.error?.code == .providerFailed)
            #expect(ended.attempts.map(\.providerTaskID) == ["j1"])
            #expect(vendor.count("create") == 1)
        }
    }

    @Test("a hint that comes while the acceptance is being stored is not forgotten")
    func whileStoring() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(
            time,
            ["create": { _, _ in .took("j1") }, "job": states("running", "failed")]
        )
        let ledger = MemoryLedger()
        ledger.takesAcceptances.change { $0 = false }
        try await withPaper([vendor], time: time, ledger: ledger) { bench in
            let created = try await bench.create("a/jobs")
            let task = try await bench.until(created) { !$0.attempts.isEmpty }
            await ledger.acceptancesThatWait.until { $0 > 0 }
            // Asked at once; the second has to wait for its second, and the storing ends before that.
            await hint(task, in: bench)
            await vendor.isAsked("job")
            await hint(task, in: bench)
            ledger.takesAcceptances.change { $0 = true }
            #expect(try await bench.end(of: task).error?.code == .providerFailed)
        }
    }

    @Test("a hint that comes while the vendor is asked has it asked again")
    func whileAsked() async throws {
        let time = DreamTime()
        let gate = Observed(false)
        let vendor = PaperVendor(
            time,
            [
                "create": { _, _ in .took("j1") },
                "job": { turn, _ in
                    if turn == 1 { await gate.until { $0 } }
                    return .state(turn == 1 ? "running" : "failed")
                },
            ]
        )
        try await withPaper([vendor], time: time) { bench in
            let task = try await bench.accepted(try await bench.create("a/jobs"))
            await hint(task, in: bench)
            await vendor.isAsked("job")
            await hint(task, in: bench)
            await hint(task, in: bench)
            gate.change { $0 = true }
            #expect(try await bench.end(of: task).error?.code == .providerFailed)
            #expect(vendor.count("job") == 2)
        }
    }

    @Test("news of nobody's job are ignored, and those of another job than the address's are forged")
    func strangers() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(time, ["create": { _, _ in .took("j1") }, "job": states("failed")])
        try await withPaper([vendor], time: time) { bench in
            let task = try await bench.accepted(try await bench.create("a/jobs"))
            await bench.engine.called(back: "a", token: "0000", .hint(job: "j1"))
            await bench.engine.called(back: "a", token: nil, .hint(job: "j2"))
            await bench.engine.called(back: "a", token: nil, .proven(job: "j2", Observation(.succeeded)))
            await bench.engine.called(back: "b", token: task.attempts[0].callbackToken, .hint(job: "j1"))
            await bench.engine.called(back: "a", token: nil, .irrelevant)
            var counts = await bench.counts()
            #expect((counts.used, counts.ignored, counts.forged) == (0, 4, 0))
            await hint(task, in: bench, job: "j2")
            await bench.engine.called(back: "a", token: nil, .forged("on paper"))
            counts = await bench.counts()
            #expect((counts.used, counts.ignored, counts.forged) == (0, 4, 2))
            #expect(vendor.count("job") == 0)
            await hint(task, in: bench)
            _ = try await bench.end(of: task)
            await hint(task, in: bench, job: "j1")
            counts = await bench.counts()
            #expect((counts.used, counts.ignored, counts.forged) == (1, 5, 2))
            #expect(vendor.count("job") == 1)
        }
    }

    @Test("signed news end a task without a question, and said twice change nothing")
    func proven() async throws {
        let time = DreamTime()
        let audio = try await paperAudio()
        let vendor = PaperVendor(
            time,
            ["create": { _, _ in .took("j1") }, "file": { _, _ in .wave(audio) }]
        )
        try await withPaper([vendor], time: time) { bench in
            let task = try await bench.accepted(try await bench.create("a/jobs"))
            let done = Observation(.succeeded, results: [RemoteResult(key: "k", url: bench.url("k"))])
            for _ in 0..<3 { await bench.engine.called(back: "a", token: nil, .proven(job: "j1", done)) }
            let lie = Observation(.failed(Failure(.providerFailed, "too late")))
            await bench.engine.called(back: "a", token: nil, .proven(job: "j1", lie))
            let ended = try await bench.end(of: task)
            #expect(ended.status == .succeeded)
            #expect(ended.outputs.count == 1)
            #expect(ended.attempts.map(\.state) == [.succeeded])
            #expect(vendor.count("job") == 0)
            #expect(vendor.count("file") == 1)
        }
    }

    @Test("signed news that overtake the storing of the acceptance are kept for it")
    func provenEarly() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(time, ["create": { _, _ in .took("j1") }])
        let ledger = MemoryLedger()
        ledger.takesAcceptances.change { $0 = false }
        try await withPaper([vendor], time: time, ledger: ledger) { bench in
            let task = try await bench.create("a/jobs")
            await ledger.acceptancesThatWait.until { $0 > 0 }
            let end = Observation(.failed(Failure(.contentPolicy, "refused on paper")))
            await bench.engine.called(back: "a", token: nil, .proven(job: "j1", end))
            ledger.takesAcceptances.change { $0 = true }
            let ended = try await bench.end(of: task)
            #expect(ended.error?.code == .contentPolicy)
            #expect(ended.attempts.map(\.providerTaskID) == ["j1"])
        }
    }
}
