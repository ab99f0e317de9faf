import Sound
import Support
import Tasks
import Testing
import Webhooks

/// What every store of tasks must keep to as an outbox.
@Suite("The contract of outboxes")
struct OutboxContractTests {
    private let until = start.advanced(by: .seconds(60))

    @Test("messages are stored with the task and with its changes, and read back as they were")
    func stored() async throws {
        try await LedgerStore.each { ledger in
            var first = message(1)
            first.client = "c"
            let second = message(2, body: [])
            try await ledger.admit(admitted(), holder: one, messages: [first])
            try await ledger.commit(try ended("snd_1", telling: [second]))
            #expect(try await ledger.messages(OutboxQuery()) == [second, first])
        }
    }

    @Test("a message comes with where its task came from")
    func provenance() async throws {
        try await LedgerStore.each { ledger in
            var record = admitted()
            let provenance = Provenance(requestID: "r", traceparent: "t", parent: nil, tracestate: nil)
            record.provenance = provenance
            var told = message(1)
            told.provenance = provenance
            try await ledger.admit(record, holder: one, messages: [told])
            #expect(try await claim(ledger) == [told])
        }
    }

    @Test("a key that has had its answer brings no message")
    func knownKey() async throws {
        try await LedgerStore.each { ledger in
            func admit(_ id: String) async throws -> Admission {
                let answer = FirstAnswer(
                    key: IdempotencyKey(client: nil, value: "k"),
                    fingerprint: "f",
                    task: TaskID(rawValue: id),
                    status: 202,
                    body: [],
                    createdAt: start
                )
                let told = [message(1, of: id)]
                return try await ledger.admit(admitted(id), holder: one, answer: answer, messages: told)
            }
            #expect(try await admit("snd_1") == .admitted)
            guard case .known = try await admit("snd_2") else {
                Issue.record("admitted twice")
                return
            }
            #expect(try await ids(ledger.messages(OutboxQuery())) == ["snd_1.1"])
        }
    }

    @Test("a change that is stored twice is told once, and what was delivered stays delivered")
    func replay() async throws {
        try await LedgerStore.each { ledger in
            try await ledger.admit(admitted(), holder: one, messages: [message(1)])
            let change = try ended("snd_1", telling: [message(2), message(3)])
            try await ledger.commit(change)
            for _ in 1...2 { try await settleNext(ledger) }
            try await ledger.commit(change)
            #expect(try await ids(ledger.messages(OutboxQuery())) == ["snd_1.3", "snd_1.2", "snd_1.1"])
            #expect(try await ids(claim(ledger)) == ["snd_1.3"])
        }
    }

    @Test(
        "a task's messages go one after another: the next when the one before is delivered or given up",
        arguments: [
            (OutboxMessage.State.delivered, ["snd_1.2"]), (.dead, ["snd_1.2"]), (.pending, []),
        ]
    )
    func order(_ outcome: OutboxMessage.State, _ next: [String]) async throws {
        try await LedgerStore.each { ledger in
            try await ledger.admit(admitted(), holder: one, messages: [message(1)])
            try await ledger.commit(try ended("snd_1", telling: [message(2), message(3)]))
            try await settleNext(ledger) {
                $0.state = outcome
                $0.tries = 1
                $0.dueAt = start.advanced(by: .seconds(5))
            }
            #expect(try await ids(claim(ledger)) == next)
        }
    }

    @Test("a message is due when its time has come, the longest due first, and at most so many")
    func due() async throws {
        try await LedgerStore.each { ledger in
            for number in 1...4 {
                var late = message(1, of: "snd_\(number)", at: number % 2 == 0 ? "https://b.example/" : nil)
                late.dueAt = start.advanced(by: .seconds(10 - number))
                try await ledger.admit(admitted("snd_\(number)"), holder: one, messages: [late])
            }
            func claim(_ limit: Int, after seconds: Int) async throws -> [String] {
                let now = start.advanced(by: .seconds(seconds))
                return try await ids(
                    ledger.claimMessages(limit, for: "a", until: until, now: now, except: [])
                )
            }
            #expect(try await claim(9, after: 5) == [])
            #expect(try await ledger.nextMessageDue(except: []) == start.advanced(by: .seconds(6)))
            #expect(try await claim(1, after: 7) == ["snd_4.1"])
            #expect(try await claim(9, after: 8) == ["snd_3.1", "snd_2.1"])
            #expect(try await ledger.nextMessageDue(except: []) == start.advanced(by: .seconds(9)))
            #expect(try await claim(9, after: 9) == ["snd_1.1"])
            #expect(try await ledger.nextMessageDue(except: []) == until)
        }
    }

    @Test("a leased message is nobody else's until the lease runs out; then its old holder changes nothing")
    func leases() async throws {
        try await LedgerStore.each { ledger in
            try await ledger.admit(admitted(), holder: one, messages: [message(1)])
            var mine = try #require(try await claim(ledger, for: "a").first)
            #expect(try await claim(ledger, for: "b").isEmpty)
            #expect(try await claim(ledger, for: "a").isEmpty)
            let late = until.advanced(by: .milliseconds(-1))
            #expect(try await claim(ledger, for: "b", now: late).isEmpty)
            #expect(try await ledger.nextMessageDue(except: []) == until)
            let longer = until.advanced(by: .seconds(60))
            var theirs = try #require(
                try await ledger.claimMessages(1, for: "b", until: longer, now: until, except: []).first
            )
            mine.state = .dead
            #expect(try await ledger.settleMessage(mine, for: "a") == false)
            #expect(try await ledger.messages(OutboxQuery()).map(\.state) == [.pending])
            theirs.state = .delivered
            theirs.settledAt = until
            theirs.lastStatus = 204
            #expect(try await ledger.settleMessage(theirs, for: "b"))
            #expect(try await ledger.messages(OutboxQuery()) == [theirs])
            #expect(try await ledger.settleMessage(mine, for: "b") == false, "settled once")
            #expect(try await ledger.nextMessageDue(except: []) == nil)
        }
    }

    @Test("a try that failed leaves the message for the time that was set")
    func retry() async throws {
        try await LedgerStore.each { ledger in
            try await ledger.admit(admitted(), holder: one, messages: [message(1)])
            let again = start.advanced(by: .seconds(5))
            try await settleNext(ledger) {
                $0.state = .pending
                $0.tries = 1
                $0.dueAt = again
                $0.lastStatus = 503
                $0.lastError = "status 503"
            }
            #expect(try await ledger.nextMessageDue(except: []) == again)
            #expect(try await claim(ledger, now: again.advanced(by: .milliseconds(-1))).isEmpty)
            let second = try #require(try await claim(ledger, now: again).first)
            #expect((second.tries, second.lastStatus, second.lastError) == (1, 503, "status 503"))
        }
    }

    @Test("messages to hosts that are left alone stay where they are")
    func hosts() async throws {
        try await LedgerStore.each { ledger in
            for (number, host) in ["https://a.example", "https://b.example", "http://a.example"].enumerated()
            {
                let told = message(1, of: "snd_\(number)", at: "\(host)/hook")
                try await ledger.admit(admitted("snd_\(number)"), holder: one, messages: [told])
            }
            let shut: Set = ["https://a.example", "http://a.example"]
            #expect(try await ledger.nextMessageDue(except: shut) == start)
            let open = try await ledger.claimMessages(9, for: "a", until: until, now: start, except: shut)
            #expect(ids(open) == ["snd_1.1"])
            #expect(try await ledger.nextMessageDue(except: shut.union(["https://b.example"])) == nil)
            #expect(try await ids(claim(ledger)) == ["snd_0.1", "snd_2.1"])
        }
    }

    @Test("a message that is sent again goes before those that came after it", arguments: [true, false])
    func resend(_ wasDelivered: Bool) async throws {
        try await LedgerStore.each { ledger in
            try await ledger.admit(admitted(), holder: one, messages: [message(1)])
            try await ledger.commit(try ended("snd_1", telling: [message(2)]))
            try await settleNext(ledger) {
                $0.state = wasDelivered ? .delivered : .dead
                $0.tries = 10
                $0.settledAt = start
                $0.lastStatus = 410
            }
            let now = start.advanced(by: .seconds(5))
            let again = try #require(try await ledger.resendMessage("snd_1.1", now: now))
            #expect((again.state, again.tries, again.dueAt, again.settledAt) == (.pending, 0, now, nil))
            #expect(again.lastStatus == 410, "what came of the last try is not forgotten")
            #expect(try await ids(claim(ledger, now: now)) == ["snd_1.1"])
            #expect(try await ledger.resendMessage("snd_1.9", now: now) == nil)
            let waiting = try await ledger.resendMessage("snd_1.2", now: now)
            #expect(waiting?.dueAt == start, "one that is due is left as it is")
        }
    }

    @Test("a message that waits for its next try is brought forward, and its schedule goes on from there")
    func hurry() async throws {
        try await LedgerStore.each { ledger in
            try await ledger.admit(admitted(), holder: one, messages: [message(1)])
            try await settleNext(ledger) {
                $0.tries = 3
                $0.dueAt = start.advanced(by: .seconds(3600))
            }
            let now = start.advanced(by: .seconds(5))
            #expect(try await ids(claim(ledger, now: now)) == [])
            let again = try #require(try await ledger.resendMessage("snd_1.1", now: now))
            #expect((again.state, again.tries, again.dueAt) == (.pending, 3, now))
            #expect(try await ids(claim(ledger, now: now)) == ["snd_1.1"])
            let underWay = try #require(
                try await ledger.resendMessage("snd_1.1", now: now.advanced(by: .seconds(1)))
            )
            #expect(underWay.dueAt == now, "one that is being told is left as it is")
        }
    }

    @Test("lists are newest first, filtered, in pages")
    func lists() async throws {
        try await LedgerStore.each { ledger in
            for number in 1...6 {
                var told = message(1, of: "snd_\(number)")
                told.client = number > 3 ? "c" : nil
                try await ledger.admit(admitted("snd_\(number)"), holder: one, messages: [told])
            }
            try await ledger.commit(try ended("snd_2", telling: [message(2, of: "snd_2")]))
            for claimed in try await claim(ledger, limit: 4) {
                var settled = claimed
                settled.state = claimed.task.rawValue > "snd_2" ? .dead : .delivered
                #expect(try await ledger.settleMessage(settled, for: "a"))
            }
            func list(_ change: (inout OutboxQuery) -> Void) async throws -> String {
                var query = OutboxQuery()
                change(&query)
                return try await ids(ledger.messages(query)).map { $0.dropFirst(4) }.joined(separator: " ")
            }
            let cases = [
                (try await list { _ in }, "2.2 6.1 5.1 4.1 3.1 2.1 1.1"),
                (try await list { $0.state = .pending }, "2.2 6.1 5.1"),
                (try await list { $0.state = .dead }, "4.1 3.1"),
                (try await list { $0.state = .delivered }, "2.1 1.1"),
                (try await list { $0.task = TaskID(rawValue: "snd_2") }, "2.2 2.1"),
                (try await list { $0.client = .some("c") }, "6.1 5.1 4.1"),
                (try await list { $0.client = .some(nil) }, "2.2 3.1 2.1 1.1"),
                (try await list { $0.limit = 2 }, "2.2 6.1"),
                (try await list { $0.before = "snd_4.1" }, "3.1 2.1 1.1"),
                (
                    try await list {
                        $0.before = "snd_2.2"
                        $0.state = .pending
                        $0.client = .some("c")
                        $0.limit = 1
                    }, "6.1"
                ),
                (try await list { $0.client = .some("x' OR 1=1 --") }, ""),
            ]
            for (found, expected) in cases { #expect(found == expected) }
        }
    }

    @Test("a task that is removed takes its messages with it, and no others")
    func removal() async throws {
        try await LedgerStore.each { ledger in
            for id in ["snd_1", "snd_2"] {
                try await ledger.admit(admitted(id), holder: one, messages: [message(1, of: id)])
                try await ledger.commit(try ended(id, telling: [message(2, of: id)]))
            }
            _ = try await ledger.remove(TaskID(rawValue: "snd_1"))
            #expect(try await ids(ledger.messages(OutboxQuery())) == ["snd_2.2", "snd_2.1"])
            #expect(try await ids(claim(ledger)) == ["snd_2.1"])
        }
    }

    @Test("what a dead process had under way is free when the file is opened again")
    func reopening() async throws {
        // Whose store several processes share waits for the end of the lease.
        for store in [LedgerStore.sqlite] {
            try await withFolder { folder in
                let first = try await store.open("\(folder)/ledger.db")
                try await first.admit(admitted(), holder: one, messages: [message(1)])
                var held = try #require(try await claim(first, for: "a").first)
                await first.close()
                let second = try await store.open("\(folder)/ledger.db")
                #expect(try await second.nextMessageDue(except: []) == start)
                held.state = .delivered
                #expect(try await second.settleMessage(held, for: "a") == false)
                #expect(try await ids(claim(second, for: "b")) == ["snd_1.1"])
                await second.close()
            }
        }
    }

    @Test("whatever comes of the tries, each task's messages are settled once and in order", arguments: 1...4)
    func anyOrder(_ seed: UInt64) async throws {
        try await LedgerStore.each { ledger in
            var dice = SeededGenerator(seed: seed)
            for task in 1...12 {
                let id = "snd_\(task)"
                let url = "https://\(task % 3).example/"
                try await ledger.admit(admitted(id), holder: one, messages: [message(1, of: id, at: url)])
                let told = (2...4).map { message($0, of: id, at: url) }
                try await ledger.commit(try ended(id, telling: told))
            }
            var (now, settled) = (start, [String: [Int]]())
            while let next = try await ledger.nextMessageDue(except: []) {
                now = max(now, next)
                let batch = try await ledger.claimMessages(
                    5,
                    for: "a",
                    until: now.advanced(by: .seconds(60)),
                    now: now,
                    except: Int.random(in: 0..<3, using: &dice) == 0 ? ["https://0.example"] : []
                )
                #expect(Set(batch.map(\.task)).count == batch.count, "one of each task at a time")
                for claimed in batch {
                    var message = claimed
                    switch Int.random(in: 0..<4, using: &dice) {
                    case 0:
                        message.dueAt = now.advanced(by: .seconds(5))
                        message.tries += 1
                    case 1: message.state = .dead
                    case 2: message.state = .delivered
                    default: continue  // The holder dies; its lease runs out.
                    }
                    #expect(try await ledger.settleMessage(message, for: "a"))
                    guard message.state != .pending else { continue }
                    settled[message.task.rawValue, default: []].append(message.number)
                }
            }
            #expect(settled.count == 12)
            #expect(settled.values.allSatisfy { $0 == [1, 2, 3, 4] })
        }
    }
}
