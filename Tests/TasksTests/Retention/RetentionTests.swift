import Assets
import Sound
import Support
import Tasks
import Telemetry
import Testing
import Threads
import Webhooks

@Suite("Retention", .timeLimit(.minutes(5)))
struct RetentionTests {
    @Test("what ended longer ago than the period goes, with its audio; the rest stays")
    func expired() async throws {
        try await withRetention { bench in
            try await bench.leave("snd_1", endedDaysAgo: 30.001, ["aa", "bb"])
            try await bench.leave("snd_2", endedDaysAgo: 29.999, ["cc"])
            try await bench.leave("snd_3", endedDaysAgo: 31)
            var old = admitted("snd_4")
            old.createdAt = Moment(milliseconds: 0)
            try await bench.ledger.admit(old, holder: one)
            await bench.retention.sweep()
            #expect(try await bench.left() == ["snd_2", "snd_4"])
            #expect(["aa", "bb", "cc"].map { bench.exists(audio($0)) } == [false, false, true])
        }
    }

    @Test("the period counts from the end, and goes on counting")
    func later() async throws {
        try await withRetention { bench in
            try await bench.leave("snd_1", endedDaysAgo: 0, ["aa"])
            for _ in 1...29 {
                bench.time.pass(.seconds(86_400))
                await bench.retention.sweep()
            }
            #expect(try await bench.left() == ["snd_1"])
            bench.time.pass(.seconds(86_401))
            await bench.retention.sweep()
            #expect(try await bench.left() == [])
            #expect(!bench.exists(audio("aa")))
        }
    }

    @Test("without a period everything stays")
    func forever() async throws {
        try await withRetention(nil) { bench in
            try await bench.leave("snd_1", endedDaysAgo: 36_000, ["aa"])
            await bench.retention.sweep()
            #expect(try await bench.left() == ["snd_1"])
            #expect(bench.exists(audio("aa")))
        }
    }

    @Test("audio that two tasks share stays until both are gone")
    func shared() async throws {
        try await withRetention { bench in
            try await bench.leave("snd_1", endedDaysAgo: 31, ["aa", "bb"])
            try await bench.leave("snd_2", endedDaysAgo: 29, ["bb", "cc"])
            await bench.retention.sweep()
            #expect(try await bench.left() == ["snd_2"])
            #expect(["aa", "bb", "cc"].map { bench.exists(audio($0)) } == [false, true, true])
            bench.time.pass(.seconds(2 * 86_400))
            for _ in 1...2 { await bench.retention.sweep() }
            bench.time.pass(.seconds(86_400))
            await bench.retention.sweep()
            #expect(try await bench.left() == [])
            #expect(["bb", "cc"].map { bench.exists(audio($0)) } == [false, false])
        }
    }

    @Test("two expired tasks that share audio are no reason to keep it")
    func sharedAmongExpired() async throws {
        try await withRetention { bench in
            try await bench.leave("snd_1", endedDaysAgo: 31, ["aa"])
            try await bench.leave("snd_2", endedDaysAgo: 32, ["aa", "aa"])
            await bench.retention.sweep()
            #expect(try await bench.left() == [])
            #expect(!bench.exists(audio("aa")))
        }
    }

    @Test("audio that a new task is just taking up stays, though the last task that had it goes")
    func takenUp() async throws {
        try await withFolder { folder in
            let bytes = try audioBytes(in: folder)
            try await withRetention { bench in
                // Pinned: the new task has not told the ledger yet.
                let kept = try bench.keep(bytes)
                try await bench.leave("snd_1", endedDaysAgo: 31, assets: [kept])
                await bench.retention.sweep()
                #expect(try await bench.left() == [])
                #expect(bench.exists(kept))
            }
        }
    }

    @Test("the longest ended go first, a batch at a time with pauses")
    func batches() async throws {
        let watched = Watched()
        try await withRetention(over: watched.over) { bench in
            for number in 0..<23 {
                try await bench.leave("snd_\(1000 + number)", endedDaysAgo: 400 - Double(number))
            }
            await bench.retention.sweep()
            let batches = watched.removed
            #expect(batches.map(\.count) == [10, 10, 3])
            #expect(batches.joined().map(\.rawValue) == (1000..<1023).map { "snd_\($0)" })
            #expect(bench.time.waits.prefix(2) == [.milliseconds(50), .milliseconds(50)])
        }
    }

    @Test("a sweep that fails in the middle keeps what is left, and the next one goes on")
    func failure() async throws {
        let watched = Watched(failingAt: 2)
        try await withRetention(over: watched.over) { bench in
            for number in 0..<15 {
                let content = [String(UnicodeScalar(UInt8(97 + number % 6))) + String(1000 + number)]
                try await bench.leave("snd_\(1000 + number)", endedDaysAgo: 400 - Double(number), content)
            }
            await bench.retention.sweep()
            #expect(try await bench.left().first == "snd_1010")
            let files = try (UInt8.min...UInt8.max).flatMap { try bench.store.folder.files(under: $0) }
            #expect(files.count == 5, "no file goes before its task, and none stays behind it")
            #expect(bench.log.messages.contains("old tasks could not be removed"))
            await bench.retention.sweep()
            #expect(try await bench.left() == [])
            #expect(
                try (UInt8.min...UInt8.max).allSatisfy { try bench.store.folder.files(under: $0).isEmpty }
            )
        }
    }

    @Test("while it is being stopped nothing more is removed")
    func stopping() async throws {
        try await withRetention { bench in
            try await bench.leave("snd_1", endedDaysAgo: 31)
            await bench.retention.stop()
            await bench.retention.start()
            await bench.retention.sweep()
            #expect(try await bench.left() == ["snd_1"])
        }
    }

    @Test(
        "a task of which something is still to be told stays until that is settled",
        .timeLimit(.minutes(5))
    )
    func untold() async throws {
        try await withRetention { bench in
            for (id, days) in [("snd_1", 30.5), ("snd_2", 33.9), ("snd_3", 34.1)] {
                let messages = [message(1, of: id), message(2, of: id)]
                try await bench.leave(id, endedDaysAgo: days, [], telling: messages)
            }
            await bench.retention.sweep()
            #expect(try await bench.left() == ["snd_1", "snd_2"], "four days, then it has to go")
            for message in try await claim(bench.ledger) {
                var settled = message
                settled.state = message.task.rawValue == "snd_1" ? .delivered : .dead
                let isSettled = try await bench.ledger.settleMessage(settled, for: "a")
                #expect(isSettled)
            }
            await bench.retention.sweep()
            #expect(try await bench.left() == ["snd_1", "snd_2"], "there is another message of each")
            for message in try await claim(bench.ledger) {
                var settled = message
                settled.state = .delivered
                _ = try await bench.ledger.settleMessage(settled, for: "a")
            }
            await bench.retention.sweep()
            #expect(try await bench.left() == [])
            #expect(try await bench.ledger.messages(OutboxQuery()).isEmpty)
        }
    }

    @Test("it begins by itself once it is started, and ends when it is stopped")
    func started() async throws {
        let watched = Watched()
        try await withRetention(over: watched.over) { bench in
            try await bench.leave("snd_1", endedDaysAgo: 31)
            await bench.retention.start()
            await watched.sweeps.until { $0 >= 2 }
            await bench.retention.stop()
            #expect(try await bench.left() == [])
            #expect(bench.time.waits.contains(.seconds(600)))
            let sweeps = watched.sweeps.value
            await bench.retention.start()
            #expect(watched.sweeps.value == sweeps)
        }
    }
}

/// Looks on while a ledger removes tasks, and fails one removal if told to.
final class Watched: Sendable {
    /// Removals that were asked for.
    let sweeps = Observed(0)
    private let batches = Guarded<[[TaskID]]>([])
    private let failing: Int?

    init(failingAt failing: Int? = nil) { self.failing = failing }

    var removed: [[TaskID]] { batches.withLock { $0 } }
    var over: @Sendable (SQLiteLedger) -> any Retaining { { View(ledger: $0, watched: self) } }

    private struct View: Retaining {
        let ledger: SQLiteLedger
        let watched: Watched

        func removeTasks(endedBefore moment: Moment, untoldBefore patience: Moment, limit: Int)
            async throws(LedgerError) -> Expired
        {
            watched.sweeps.change { $0 += 1 }
            if watched.sweeps.value == watched.failing { throw .unavailable("the disk is away") }
            let expired = try await ledger.removeTasks(
                endedBefore: moment,
                untoldBefore: patience,
                limit: limit
            )
            watched.batches.withLock { $0.append(expired.tasks) }
            return expired
        }

        func unreferenced(_ contents: [String]) async throws(LedgerError) -> [String] {
            try await ledger.unreferenced(contents)
        }
    }
}
