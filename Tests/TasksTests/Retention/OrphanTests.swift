import Assets
import Foundation
import Sound
import Tasks
import Telemetry
import Testing

@Suite("Audio that no task has", .timeLimit(.minutes(5)))
struct OrphanTests {
    @Test("goes when it is an hour old; what a task has, is fresh, or is not ours stays")
    func swept() async throws {
        try await withRetention(nil) { bench in
            try bench.write(audio("a1"), hoursAgo: 1.01)
            try bench.write(audio("a2"), hoursAgo: 0.99)
            try bench.write(audio("f3"), hoursAgo: 10_000)
            try await bench.leave("snd_1", endedDaysAgo: 1, ["b1"])
            try bench.write(audio("b1"), hoursAgo: 24)
            let foreign = "\(bench.folder)/audio/a1/notes.txt"
            try Data([1]).write(to: URL(fileURLWithPath: foreign))
            try bench.age(foreign, hours: 24)
            await bench.retention.sweep()
            #expect(["a1", "a2", "f3", "b1"].map { bench.exists(audio($0)) } == [false, true, false, true])
            #expect(FileManager.default.fileExists(atPath: foreign))
        }
    }

    @Test("is looked for at the start and once a day")
    func daily() async throws {
        try await withRetention(nil) { bench in
            await bench.retention.sweep()
            try bench.write(audio("a1"), hoursAgo: 2)
            bench.time.pass(.seconds(86_399))
            await bench.retention.sweep()
            #expect(bench.exists(audio("a1")))
            bench.time.pass(.seconds(1))
            await bench.retention.sweep()
            #expect(!bench.exists(audio("a1")))
        }
    }

    @Test("stays while somebody is taking it up, however old it looks")
    func pinned() async throws {
        try await withFolder { folder in
            let bytes = try audioBytes(in: folder)
            try await withRetention(nil) { bench in
                let kept = try bench.keep(bytes)
                try bench.age(bench.store.path(of: kept), hours: 24)
                await bench.retention.sweep()
                #expect(bench.exists(kept))
                bench.store.unpin(kept)
                bench.time.pass(.seconds(86_400))
                await bench.retention.sweep()
                #expect(!bench.exists(kept), "nobody has told the ledger of it")
            }
        }
    }

    @Test("is looked for again at the next sweep when the ledger could not be asked")
    func failure() async throws {
        try await withRetention(nil, over: { _ in Deaf() }) { bench in
            try bench.write(audio("a1"), hoursAgo: 2)
            for _ in 1...2 { await bench.retention.sweep() }
            #expect(bench.exists(audio("a1")))
            let complaints = bench.log.messages.count {
                $0 == "audio that no task has could not be looked for"
            }
            #expect(complaints == 2)
        }
    }

    private struct Deaf: Retaining {
        func removeTasks(endedBefore moment: Moment, untoldBefore patience: Moment, limit: Int)
            async throws(LedgerError) -> Expired
        { Expired() }

        func unreferenced(_ contents: [String]) async throws(LedgerError) -> [String] { throw .full }
    }
}

@Suite("Retention when somebody sets the clock", .timeLimit(.minutes(5)))
struct RetentionClockTests {
    private let day = Duration.seconds(86_400)

    @Test("a clock that is set a year ahead for some hours removes nothing")
    func ahead() async throws {
        try await withRetention { bench in
            try await bench.leave("snd_1", endedDaysAgo: 1, ["aa"])
            try bench.write(audio("a1"))
            bench.time.leap(day * 365)
            for _ in 1...20 {
                await bench.retention.sweep()
                bench.time.pass(.seconds(3600))
            }
            bench.time.leap(day * -365)
            for _ in 1...30 {
                await bench.retention.sweep()
                bench.time.pass(.seconds(3600))
            }
            #expect(try await bench.left() == ["snd_1"])
            #expect(bench.exists(audio("aa")))
        }
    }

    @Test("a clock that stays ahead is believed after a day")
    func staysAhead() async throws {
        try await withRetention { bench in
            try await bench.leave("snd_1", endedDaysAgo: 1)
            bench.time.leap(day * 365)
            await bench.retention.sweep()
            bench.time.pass(.seconds(86_399))
            await bench.retention.sweep()
            #expect(try await bench.left() == ["snd_1"])
            bench.time.pass(.seconds(1))
            await bench.retention.sweep()
            #expect(try await bench.left() == [])
        }
    }

    @Test("a clock that is set back keeps things longer, never shorter")
    func back() async throws {
        try await withRetention { bench in
            try await bench.leave("snd_1", endedDaysAgo: 29.9)
            bench.time.leap(day * -10)
            for _ in 1...9 {
                bench.time.pass(day)
                await bench.retention.sweep()
            }
            #expect(try await bench.left() == ["snd_1"])
            bench.time.pass(day * 2)
            await bench.retention.sweep()
            #expect(try await bench.left() == [])
        }
    }

    @Test("small steps are taken as they come")
    func steps() async throws {
        try await withRetention { bench in
            try await bench.leave("snd_1", endedDaysAgo: 29.9)
            for _ in 1...4 {
                bench.time.leap(.seconds(3599))
                await bench.retention.sweep()
            }
            #expect(try await bench.left() == [])
        }
    }
}
