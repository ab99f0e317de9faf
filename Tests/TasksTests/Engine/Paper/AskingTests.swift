import HTTP
import HTTPServer
import JSON
import Providers
import Sound
import Support
import Tasks
import Testing
import Timing

/// Questions of the engine's own: how jobs are, where their audio is, what is sung when.
@Suite("Asking the vendor", .timeLimit(.minutes(5)))
struct AskingTests {
    @Test("where a key's questions are limited, several tasks take turns")
    func spacing() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(
            time,
            [
                "create": { turn, _ in .took("j\(turn)") },
                "job": { turn, _ in .state(turn > 12 ? "failed" : "running") },
            ]
        )
        let pace = PollPace(first: .seconds(1), ceiling: .seconds(1), spacing: .seconds(10))
        try await withPaper([vendor], time: time, pace: pace) { bench in
            let began = time.instant
            var tasks: [TaskRecord] = []
            for _ in 0..<4 { tasks.append(try await bench.create("a/jobs")) }
            for task in tasks { #expect(try await bench.end(of: task).error?.code == .providerFailed) }
            let asked = vendor.calls("job")
            #expect(Set(asked.map(\.subject)).count == 4)
            #expect(asked.count == 16)
            // Calls are stamped when they come, at their turn or a little later.
            #expect(try #require(asked.last?.instant) - began >= 15 * 10_000_000_000)
        }
    }

    @Test("an address that does not answer is asked for anew")
    func staleAddress() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let base = Observed("")
        let vendor = PaperVendor(
            time,
            [
                "create": { _, _ in .took("j1") },
                "job": { _, _ in .state("succeeded", ["k": "\(base.value)/file/old"]) },
                "file": { _, file in file == "new" ? .wave(audio) : Response(.forbidden) },
                "address": { _, _ in .json(["url": .string("\(base.value)/file/new")]) },
            ]
        )
        let pace = PollPace(first: .seconds(1), ceiling: .seconds(1))
        try await withPaper([vendor], time: time, pace: pace) { bench in
            base.change { $0 = bench.providers[0].baseURL }
            let ended = try await bench.end(of: try await bench.create("a/jobs"))
            #expect(ended.status == .succeeded)
            #expect(vendor.calls("file").map(\.subject) == ["old", "new"])
            #expect(vendor.calls("address").map(\.subject) == ["k"])
            #expect(ended.outputs.first?.sourceURL == "\(base.value)/file/new")
        }
    }

    @Test("an address that the poll leaves out is asked for, again and again")
    func missingAddress() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let base = Observed("")
        let vendor = PaperVendor(
            time,
            [
                "create": { _, _ in .took("j1") },
                "job": { _, _ in .state("succeeded", ["k": nil]) },
                "file": { _, _ in .wave(audio) },
                "address": { turn, _ in
                    turn < 3 ? .json([:]) : .json(["url": .string("\(base.value)/file/new")])
                },
            ]
        )
        let pace = PollPace(first: .seconds(1), ceiling: .seconds(1))
        try await withPaper([vendor], time: time, pace: pace) { bench in
            base.change { $0 = bench.providers[0].baseURL }
            let ended = try await bench.end(of: try await bench.create("a/jobs"))
            #expect(ended.status == .succeeded)
            #expect((vendor.count("address"), vendor.count("file"), vendor.count("create")) == (3, 1, 1))
        }
    }

    @Test(
        "lyrics with times are asked for a while, and given up for the audio's sake",
        arguments: [3, Int.max]
    )
    func lyrics(_ turns: Int) async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let base = Observed("")
        let vendor = PaperVendor(
            time,
            [
                "create": { _, _ in .took("j1") },
                "job": { _, _ in .state("succeeded", ["k": "\(base.value)/file/k"]) },
                "file": { _, _ in .wave(audio) },
                "lyrics": { turn, _ in turn < turns ? .json([:]) : .json(["text": "rain"]) },
            ]
        )
        let pace = PollPace(first: .seconds(1), ceiling: .seconds(1))
        try await withPaper([vendor], time: time, pace: pace) { bench in
            base.change { $0 = bench.providers[0].baseURL }
            let ended = try await bench.end(of: try await bench.create("a/jobs") { $0.timedLyrics = true })
            #expect(ended.status == .succeeded)
            #expect(ended.outputs.first?.timedLyrics?.map(\.text) == (turns == 3 ? ["rain"] : nil))
            #expect(vendor.count("lyrics") == (turns == 3 ? 3 : 6))
            #expect(vendor.count("file") == 1)
        }
    }

    @Test("a vendor is told once that nobody wants a job any more")
    func cancel() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(time, ["create": { _, _ in .took("j1") }, "cancel": { _, _ in .json([:]) }])
        try await withPaper([vendor], time: time) { bench in
            let task = try await bench.accepted(try await bench.create("a/jobs"))
            async let one = bench.engine.cancel(task.id)
            async let two = bench.engine.cancel(task.id)
            let statuses = try await [one?.status, two?.status]
            #expect(statuses == [.canceled, .canceled])
            await vendor.isAsked("cancel")
            let again = try await bench.engine.cancel(task.id)
            #expect(again?.status == .canceled)
            time.advance(by: 900)
            _ = await bench.engine.load()
            #expect(vendor.calls("cancel").map(\.subject) == ["j1"])
        }
    }
}
