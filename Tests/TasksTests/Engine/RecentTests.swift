import Crypto
import HTTPServer
import JSON
import Providers
import Sound
import Support
import Tasks
import Testing

@Suite("How an operation has done of late")
struct RecentTests {
    private static let minute: UInt64 = 60_000_000_000

    @Test("Nothing has no rate and no durations")
    func nothing() {
        let summary = Recent().summary(at: 5)
        #expect(summary.attempts == 0)
        #expect(summary.successRate == nil)
        #expect(summary.submit(0.5) == nil)
        #expect(summary.turnaround(0.95) == nil)
    }

    @Test("What says nothing of the provider is counted, and leaves its rate alone")
    func rate() {
        var recent = Recent()
        for outcome: Recent.Outcome in [.succeeded, .succeeded, .succeeded, .failed, .neither] {
            recent.ended(outcome, after: .seconds(1), at: 5)
        }
        let summary = recent.summary(at: 6)
        #expect([summary.attempts, summary.succeeded, summary.failed] == [5, 3, 1])
        #expect(summary.successRate == 0.75)
    }

    @Test("An hour later it is forgotten, step by step, and there is never more of it than an hour")
    func window() {
        var recent = Recent()
        for minute in 0..<1000 {
            recent.ended(.succeeded, after: .seconds(1), at: UInt64(minute) * Self.minute)
            let seen = recent.summary(at: UInt64(minute) * Self.minute).succeeded
            #expect(seen == min(minute + 1, 56 + minute % 5))
        }
        #expect(recent.summary(at: 1029 * Self.minute).succeeded == 30)
        #expect(recent.summary(at: 1060 * Self.minute).succeeded == 0)
    }

    @Test(
        "Durations are told to a sixteenth, whatever they are",
        arguments: [1, 7, 8, 9, 15, 16, 100, 999, 1500, 12_345, 3_599_999, 86_399_999]
    )
    func precision(milliseconds: Int) throws {
        var recent = Recent()
        recent.answered(after: .milliseconds(milliseconds), at: 5)
        let told = try #require(recent.summary(at: 5).submit(0.5)) / .milliseconds(1)
        #expect(abs(told - Double(milliseconds)) <= Double(milliseconds) / 16)
    }

    @Test("Half are at most the one, and 95 of a hundred at most the other")
    func quantiles() throws {
        var recent = Recent()
        for second in 1...100 { recent.ended(.succeeded, after: .seconds(second), at: 5) }
        // Of failures nobody wants to know how long they took.
        recent.ended(.failed, after: .seconds(9000), at: 5)
        let summary = recent.summary(at: 5)
        let (half, most) = (try #require(summary.turnaround(0.5)), try #require(summary.turnaround(0.95)))
        #expect((47...54).contains(half / .seconds(1)))
        #expect((89...101).contains(most / .seconds(1)))
    }

    @Test("Those of several operations are added up")
    func sum() throws {
        var (first, second) = (Recent(), Recent())
        first.ended(.succeeded, after: .seconds(1), at: 5)
        second.ended(.failed, after: nil, at: 5)
        second.answered(after: .seconds(4), at: 5)
        var sum = first.summary(at: 5)
        sum += second.summary(at: 5)
        #expect([sum.attempts, sum.succeeded, sum.failed] == [2, 1, 1])
        #expect(try #require(sum.submit(0.5)) > .seconds(3))
    }
}

/// What the engine tells of its providers.
@Suite("How providers have done of late", .timeLimit(.minutes(5)))
struct RecentEngineTests {
    private static let pace = PollPace(first: .seconds(1), ceiling: .seconds(1))

    /// A vendor that takes three seconds to answer a create, refuses the third prompt and cannot do the fourth.
    private func vendor(_ time: DreamTime, _ audio: [UInt8], _ address: Observed<String>) -> PaperVendor {
        PaperVendor(
            time,
            [
                "create": { turn, _ in
                    time.advance(by: 3)
                    return switch turn {
                    case 3: .refused(.contentPolicy)
                    case 4: .refused(.providerRejected)
                    default: .took("j\(turn)")
                    }
                },
                "job": { turn, _ in
                    turn % 5 == 0 ? .state("succeeded", ["s": address.value]) : .state("running")
                },
                "audio": { _, _ in .wave(audio) },
                "file": { _, _ in .wave(audio) },
            ]
        )
    }

    @Test("it tells what came of calls, how fast they were taken and done, and goes on over a reload")
    func life() async throws {
        let (time, address) = (DreamTime(), Observed(""))
        let vendor = vendor(time, try await paperAudio(), address)
        try await withPaper([vendor], time: time, pace: Self.pace) { bench in
            address.change { $0 = bench.url("s") }
            for _ in 0..<2 { _ = try await bench.end(of: try await bench.create("a/jobs")) }
            var settings = EngineSettings(
                providers: bench.providers.map { old in
                    Provider(
                        id: old.id,
                        adapter: old.adapter,
                        baseURL: old.baseURL,
                        credentials: old.credentials,
                        pace: PollPace(first: .seconds(2), ceiling: .seconds(2))
                    )
                },
                policy: TaskMachine.Policy(),
                fetchFor: .seconds(120),
                publicURL: nil,
                announce: nil
            )
            await bench.engine.adopt(settings)
            for _ in 0..<2 { _ = try await bench.end(of: try await bench.create("a/jobs")) }
            _ = try await bench.end(of: try await bench.create("a/audio"))
            let recents = try #require(await bench.engine.load()["a"]?.recents)
            #expect(Set(recents.keys) == ["jobs", "audio"])
            let jobs = try #require(recents["jobs"])
            #expect([jobs.attempts, jobs.succeeded, jobs.failed] == [4, 2, 1])
            let submit = try #require(jobs.submit(0.5)) / .seconds(1)
            #expect((2.8...3.2).contains(submit))
            // Three seconds for the create, and five questions a second apart or two.
            let turnaround = try #require(jobs.turnaround(0.5)) / .seconds(1)
            #expect((7...15).contains(turnaround))
            let audio = try #require(recents["audio"])
            #expect([audio.attempts, audio.succeeded] == [1, 1])
            #expect(audio.submit(0.5) == nil)
            // A provider that is taken out, and has nothing under way, is forgotten.
            let present = settings
            settings = EngineSettings(
                providers: [],
                policy: TaskMachine.Policy(),
                fetchFor: .seconds(120),
                publicURL: nil,
                announce: nil
            )
            await bench.engine.adopt(settings)
            await bench.engine.adopt(present)
            #expect(await bench.engine.load()["a"]?.recents.isEmpty == true)
        }
    }

    @Test("a call whose answer is lost has failed, one that is canceled is neither")
    func lost() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(
            time,
            [
                "create": { turn, _ in turn == 1 ? .json([:]) : .took("j\(turn)") },
                "job": { _, _ in .state("running") },
            ]
        )
        try await withPaper([vendor], time: time) { bench in
            let first = try await bench.create("a/jobs")
            _ = try await bench.until(first) { $0.attempts.contains { $0.state == .unknown } }
            let second = try await bench.accepted(try await bench.create("a/jobs"))
            _ = try await bench.engine.cancel(second.id)
            let jobs = try #require(await bench.engine.load()["a"]?.recents["jobs"])
            #expect([jobs.attempts, jobs.succeeded, jobs.failed] == [2, 0, 1])
            #expect(jobs.successRate == 0)
        }
    }
}
