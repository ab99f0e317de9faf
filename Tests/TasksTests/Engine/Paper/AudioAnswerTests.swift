import Foundation
import HTTP
import HTTPServer
import Providers
import Sound
import Support
import Tasks
import Testing

/// Vendors that answer the create with the audio.
@Suite("Audio in the answer", .timeLimit(.minutes(5)))
struct AudioAnswerTests {
    private struct CutOff: Error {}

    @Test("it is kept, with the vendor's id and price")
    func kept() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let vendor = PaperVendor(
            time,
            [
                "audio": { _, _ in
                    var response = Response.wave(audio)
                    response.fields["request-id"] = "call-1"
                    return response
                }
            ]
        )
        try await withPaper([vendor], time: time) { bench in
            let ended = try await bench.end(of: try await bench.create("a/audio"))
            #expect(ended.status == .succeeded)
            #expect(ended.attempts.map(\.providerTaskID) == ["call-1"])
            #expect(ended.cost == Cost(Cost.Amount(7, "credits"), .actual))
            #expect(ended.outputs.map(\.asset?.bytes) == [Int64(audio.count)])
            #expect(ended.outputs.map(\.attempt) == [1])
        }
    }

    @Test("what is no audio is a bad result that is paid, and nobody else is asked")
    func unusable() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(time, ["audio": { _, _ in .wave(Array("<html>".utf8)) }])
        let second = PaperVendor(time, [:])
        try await withPaper([vendor, second], time: time) { bench in
            let ended = try await bench.end(of: try await bench.create("a/audio", "b/audio"))
            #expect(ended.error?.code == .badResult)
            #expect(ended.cost?.kind == .actual)
            #expect((vendor.count("audio"), second.count("audio")) == (1, 0))
        }
    }

    @Test("what is cut off is unknown until the deadline, and is not asked for again")
    func cutOff() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let vendor = PaperVendor(
            time,
            [
                "audio": { _, _ in
                    Response(
                        .ok,
                        fields: ["Content-Type": "audio/wav"],
                        body: .stream { writer in
                            try await writer.write(Array(audio.prefix(100)))
                            throw CutOff()
                        }
                    )
                }
            ]
        )
        let second = PaperVendor(time, [:])
        try await withPaper([vendor, second], time: time) { bench in
            let task = try await bench.create("a/audio", "b/audio")
            let unknown = try await bench.until(task) { $0.attempts.contains { $0.state == .unknown } }
            #expect(unknown.status == .running)
            time.advance(by: 900)
            let ended = try await bench.end(of: task)
            #expect(ended.error?.code == .acceptanceUnknown)
            #expect(ended.attempts.map(\.state) == [.unknown])
            #expect((vendor.count("audio"), second.count("audio")) == (1, 0))
            let load = await bench.engine.load()
            #expect(load["a"]?.running == 0)
        }
    }

    @Test("a refusal goes on to the next candidate")
    func refused() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let vendor = PaperVendor(time, ["audio": { _, _ in .refused(.insufficientCredits) }])
        let second = PaperVendor(time, ["audio": { _, _ in .wave(audio) }])
        try await withPaper([vendor, second], time: time) { bench in
            let ended = try await bench.end(of: try await bench.create("a/audio", "b/audio"))
            #expect(ended.status == .succeeded)
            #expect(ended.attempts.map(\.error?.code) == [.insufficientCredits, nil])
        }
    }

    @Test("a gateway that stops waits for the audio that it will be charged for")
    func stopping() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let gate = Observed(false)
        let vendor = PaperVendor(
            time,
            [
                "audio": { _, _ in
                    await gate.until { $0 }
                    return .wave(audio)
                }
            ]
        )
        try await withPaper([vendor], time: time) { bench in
            let task = try await bench.create("a/audio")
            await vendor.isAsked("audio")
            let stopped = Task { await bench.engine.stop(within: .seconds(1_000_000)) }
            await bench.engine.beginStopping()
            gate.change { $0 = true }
            await stopped.value
            let kept = try #require(try await bench.ledger.task(task.id))
            #expect(kept.status == .succeeded)
            #expect(kept.outputs.map(\.status) == [.ready])
        }
    }

    @Test("its file goes with the task")
    func removed() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let vendor = PaperVendor(time, ["audio": { _, _ in .wave(audio) }])
        try await withPaper([vendor], time: time) { bench in
            let ended = try await bench.end(of: try await bench.create("a/audio"))
            let hash = try #require(ended.outputs.first?.asset?.sha256)
            func isKept() throws -> Bool {
                try FileManager.default.subpathsOfDirectory(atPath: bench.folder).contains {
                    $0.contains(hash)
                }
            }
            #expect(try isKept())
            try await bench.engine.remove(ended.id)
            for _ in 0..<5000 where try isKept() { try await Task.sleep(for: .milliseconds(2)) }
            #expect(try !isKept())
        }
    }

    @Test("a task that is canceled while it streams ends at once, and what comes is not kept")
    func canceled() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let begun = Observed(false)
        let gate = Observed(false)
        let vendor = PaperVendor(
            time,
            [
                "audio": { _, _ in
                    Response(
                        .ok,
                        fields: ["Content-Type": "audio/wav"],
                        body: .stream { writer in
                            try await writer.write(Array(audio.prefix(100)))
                            begun.change { $0 = true }
                            await gate.until { $0 }
                            try await writer.write(Array(audio.dropFirst(100)))
                        }
                    )
                }
            ]
        )
        try await withPaper([vendor], time: time) { bench in
            let task = try await bench.create("a/audio")
            await begun.until { $0 }
            _ = try await bench.engine.cancel(task.id)
            let ended = try await bench.end(of: task)
            #expect(ended.status == .canceled)
            // The vendor is at work: whether it charges, nobody can tell.
            #expect(ended.attempts.map(\.state) == [.unknown])
            #expect(ended.outputs.isEmpty)
            gate.change { $0 = true }
            let load = await bench.engine.load()
            #expect(load["a"]?.running == 0)
        }
    }

    @Test("a disk that fails is our own fault, and nobody else is asked")
    func disk() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let vendor = PaperVendor(time, ["audio": { _, _ in .wave(audio) }])
        let second = PaperVendor(time, [:])
        try await withPaper([vendor, second], time: time) { bench in
            try FileManager.default.removeItem(atPath: "\(bench.folder)/audio/incoming")
            let ended = try await bench.end(of: try await bench.create("a/audio", "b/audio"))
            #expect(ended.error?.code == .internal)
            #expect(ended.attempts.map(\.state) == [.failed])
            #expect((vendor.count("audio"), second.count("audio")) == (1, 0))
        }
    }
}
