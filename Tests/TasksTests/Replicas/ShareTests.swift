import Providers
import Sound
import Support
import Tasks
import Testing
import Threads
import Timing

@Suite("Keys that gateways share", .timeLimit(.minutes(5)))
struct ShareTests {
    /// Jobs that are under way at a vendor at a time, and the most there were.
    private final class Traffic: Sendable {
        private let state = Guarded((now: 0, most: 0))

        var most: Int { state.withLock(\.most) }
        func began() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
        func ended() { state.withLock { $0.now -= 1 } }
    }

    @Test("a key's places hold for all together, and each of them gets its work done", arguments: [1, 2, 4])
    func places(_ capacity: Int) async throws {
        // In real time: by a clock that jumps over waits, asking again would use up every deadline.
        let time = SystemTime()
        let traffic = Traffic()
        let polls = Guarded<[String: Int]>([:])
        let vendor = PaperVendor(
            DreamTime(),
            [
                "create": { turn, _ in
                    traffic.began()
                    return .took("j\(turn)")
                },
                "job": { _, job in
                    let count = polls.withLock { polls in
                        polls[job, default: 0] += 1
                        return polls[job, default: 0]
                    }
                    guard count >= 3 else { return .state("running") }
                    if count == 3 { traffic.ended() }
                    return .state("failed")
                },
            ]
        )
        let pace = PollPace(first: .milliseconds(20), ceiling: .milliseconds(20))
        try await withReplicas(3, vendor, time: time, places: capacity, pace: pace, term: .seconds(1_000_000))
        {
            bench in
            var tasks: [(Int, TaskRecord)] = []
            for index in 0..<24 {
                let number = index % 3
                tasks.append((number, try await bench.create(at: number)))
            }
            for (number, task) in tasks {
                await bench.engines[number].waitForEnd(of: task.id, atMost: .seconds(100_000))
            }
            let ended = try await bench.ledger.tasks(TaskQuery(owner: .everyone, limit: 100))
            #expect(ended.count { $0.status == .failed } == 24)
            #expect(vendor.count("create") == 24)
            #expect(traffic.most <= capacity)
            #expect(bench.limits.questions < 24 * 12, "nobody asks for each single call")
        }
    }

    @Test("a key's rate holds for all together")
    func rate() async throws {
        // In real time, and reckoned so that a slow machine only takes longer: each start needs its reserved time.
        let time = SystemTime()
        let per = Duration.milliseconds(400)
        let vendor = PaperVendor(DreamTime(), ["create": { _, _ in .refused(.invalidRequest) }])
        try await withReplicas(
            3,
            vendor,
            time: time,
            places: 8,
            rate: (count: 5, per: per),
            term: .seconds(1_000_000)
        ) { bench in
            let began = time.instant
            var tasks: [(Int, TaskRecord)] = []
            for index in 0..<24 {
                let number = index % 3
                tasks.append((number, try await bench.create(at: number)))
            }
            for (number, task) in tasks {
                await bench.engines[number].waitForEnd(of: task.id, atMost: .seconds(100_000))
            }
            let span = Duration.nanoseconds(Int64(time.instant - began))
            #expect(vendor.count("create") == 24)
            #expect(span >= per * 4, "the twenty-first start is four spans after the first one")
            #expect(bench.limits.reserved >= 24, "none began without a reserved time")
        }
    }
}
