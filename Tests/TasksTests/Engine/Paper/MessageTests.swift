import HTTP
import HTTPServer
import JSON
import Providers
import Sound
import Support
import Tasks
import Testing
import Webhooks

/// What a task's webhook address is to be told, as it is stored.
@Suite("Messages of tasks", .timeLimit(.minutes(5)))
struct MessageTests {
    private let pace = PollPace(first: .seconds(1), ceiling: .seconds(1))
    private let hook = "https://hooks.example/x"

    /// A vendor whose job brings its takes one after the other.
    private func vendor(_ time: DreamTime, _ audio: [UInt8], base: Observed<String>) -> PaperVendor {
        PaperVendor(
            time,
            [
                "create": { _, _ in .took("j1") },
                "job": { turn, _ in
                    let takes = ["k1": "\(base.value)/file/k1", "k2": "\(base.value)/file/k2"]
                    if turn == 1 { return .state("running", takes.filter { $0.key == "k1" }) }
                    return .state("succeeded", takes)
                },
                "file": { _, _ in .wave(audio) },
            ]
        )
    }

    private func told(_ ledger: MemoryLedger) -> [String] {
        ledger.messages.map { String(decoding: $0.body, as: UTF8.self) }
    }

    @Test("each milestone leaves one message, with the change that brought it about, in order")
    func everyMilestone() async throws {
        let (time, base) = (DreamTime(), Observed(""))
        let vendor = vendor(time, try await paperAudio(), base: base)
        try await withPaper([vendor], time: time, pace: pace) { bench in
            base.change { $0 = bench.providers[0].baseURL }
            let task = try await bench.end(of: try await bench.create("a/jobs") { $0.webhookURL = hook })
            #expect(task.status == .succeeded)
            let messages = bench.ledger.messages
            #expect(
                told(bench.ledger) == [
                    "sound.queued queued", "sound.running running", "sound.output_ready running",
                    "sound.output_ready succeeded", "sound.succeeded succeeded",
                ]
            )
            #expect(messages.map(\.number) == [1, 2, 3, 4, 5])
            #expect(Set(messages.map(\.id)).count == 5)
            let tail = task.id.rawValue.dropFirst(4)
            #expect(messages.first?.id == "evt_\(tail)_queued")
            #expect(messages.last?.id == "evt_\(tail)_ended")
            #expect(messages.allSatisfy { $0.url == hook && $0.task == task.id && $0.state == .pending })
            #expect(messages.map(\.createdAt) == task.milestones.map(\.moment))
            // With the change, not beside it.
            for message in messages.dropFirst() {
                let change = bench.ledger.commits.first { $0.messages.contains(message) }
                let milestones = change?.record.milestones.map(\.type)
                #expect(milestones?.contains(message.type) == true)
            }
            #expect(bench.ledger.nudges.value == 1 + bench.ledger.commits.count { !$0.messages.isEmpty })
        }
    }

    @Test("a task without an address leaves none, and nobody is nudged")
    func noAddress() async throws {
        let (time, base) = (DreamTime(), Observed(""))
        let vendor = vendor(time, try await paperAudio(), base: base)
        try await withPaper([vendor], time: time, pace: pace) { bench in
            base.change { $0 = bench.providers[0].baseURL }
            _ = try await bench.end(of: try await bench.create("a/jobs"))
            #expect(bench.ledger.messages.isEmpty)
            #expect(bench.ledger.nudges.value == 0)
        }
    }

    @Test("a task that is canceled or fails is told of as that")
    func otherEnds() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(
            time,
            [
                "create": { turn, _ in turn == 1 ? .took("j1") : .refused(.contentPolicy) },
                "cancel": { _, _ in .json([:]) },
            ]
        )
        try await withPaper([vendor], time: time) { bench in
            let first = try await bench.create("a/jobs") { $0.webhookURL = hook }
            _ = try await bench.accepted(first)
            _ = try await bench.engine.cancel(first.id)
            let types = { (id: TaskID) in bench.ledger.messages.filter { $0.task == id }.map(\.type) }
            #expect(types(first.id) == ["sound.queued", "sound.running", "sound.canceled"])
            let second = try await bench.create("a/jobs") { $0.webhookURL = hook }
            _ = try await bench.end(of: second)
            #expect(types(second.id).first == "sound.queued")
            #expect(types(second.id).last == "sound.failed")
        }
    }

    @Test("a change that could not be stored at once is told of once")
    func storedLater() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(time, ["create": { _, _ in .refused(.contentPolicy) }])
        try await withPaper([vendor], time: time) { bench in
            bench.ledger.fail(3)
            _ = try await bench.end(of: try await bench.create("a/jobs") { $0.webhookURL = hook })
            let ids = bench.ledger.messages.map(\.id)
            #expect(Set(ids).count == ids.count)
            #expect(bench.ledger.messages.map(\.number) == Array(1...ids.count))
            #expect(bench.ledger.messages.last?.type == "sound.failed")
        }
    }

    @Test("a process that takes a task up goes on telling where the last one stopped")
    func restart() async throws {
        let (time, base, ledger) = (DreamTime(), Observed(""), MemoryLedger())
        let gate = Observed(false)
        let audio = try await paperAudio()
        let vendor = PaperVendor(
            time,
            [
                "create": { _, _ in .took("j1") },
                "job": { _, _ in
                    await gate.until { $0 }
                    return .state("succeeded", ["k1": "\(base.value)/file/k1"])
                },
                "file": { _, _ in .wave(audio) },
            ]
        )
        let id = Observed<TaskID?>(nil)
        try await withPaper([vendor], time: time, pace: pace, ledger: ledger) { bench in
            let task = try await bench.accepted(try await bench.create("a/jobs") { $0.webhookURL = hook })
            id.change { $0 = task.id }
            await vendor.isAsked("job")
            #expect(ledger.messages.map(\.type) == ["sound.queued", "sound.running"])
            await bench.engine.stop(within: .zero)
            gate.change { $0 = true }
        }
        let task = try #require(id.value)
        try await withPaper([vendor], time: time, pace: pace, ledger: ledger) { bench in
            base.change { $0 = bench.providers[0].baseURL }
            let count = try await bench.engine.recover()
            #expect(count == 1)
            await bench.engine.waitForEnd(of: task, atMost: .seconds(100_000))
            let types = ["sound.queued", "sound.running", "sound.output_ready", "sound.succeeded"]
            #expect(ledger.messages.map(\.type) == types)
            #expect(ledger.messages.map(\.number) == [1, 2, 3, 4])
        }
    }

    @Test("a job that its vendor took only after the task had ended is told to nobody")
    func lateAcceptance() async throws {
        let time = DreamTime()
        let gate = Observed(false)
        let vendor = PaperVendor(
            time,
            [
                "create": { _, _ in
                    await gate.until { $0 }
                    return .took("j1")
                },
                "cancel": { _, _ in .json([:]) },
            ]
        )
        try await withPaper([vendor], time: time) { bench in
            let task = try await bench.create("a/jobs") { $0.webhookURL = hook }
            await vendor.isAsked("create")
            _ = try await bench.engine.cancel(task.id)
            let told = bench.ledger.messages
            #expect(told.last?.type == "sound.canceled")
            gate.change { $0 = true }
            await bench.ledger.untilAccepted(task.id)
            #expect(bench.ledger.commits.last?.messages == [])
            #expect(bench.ledger.messages == told)
        }
    }
}
