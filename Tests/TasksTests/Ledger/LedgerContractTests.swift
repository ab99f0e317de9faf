import JSON
import Providers
import Sound
import Tasks
import Testing

/// What every store of tasks must keep to.
@Suite("The contract of ledgers")
struct LedgerContractTests {
    private let later = start.advanced(by: .seconds(60))

    @Test("an admitted task reads back as it was", arguments: LedgerStore.all)
    func admit(_ store: LedgerStore) async throws {
        var record = admitted("snd_1", at: ["a", "b"]) {
            $0.type = .music
            $0.style = "jazz"
            $0.seed = .min
            $0.metadata = ["k": "v", "é": "\u{0}"]
            $0.providerOptions = ["a": ["x": [1, .null]]]
        }
        record.provenance = Provenance(
            requestID: "r",
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            parent: "00f067aa0ba902b7",
            tracestate: "rojo=1"
        )
        try await store.run { ledger in
            try await ledger.admit(record, holder: one)
            let found = try await ledger.task(record.id)
            #expect(found == record)
            let missing = try await ledger.task(TaskID(rawValue: "snd_2"))
            #expect(missing == nil)
        }
    }

    @Test("the same id cannot be admitted twice", arguments: LedgerStore.all)
    func admitTwice(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            try await ledger.admit(admitted(), holder: one)
            await #expect(throws: LedgerError.self) { try await ledger.admit(admitted(), holder: one) }
        }
    }

    @Test("each committed step of a life reads back as it was", arguments: LedgerStore.all)
    func commit(_ store: LedgerStore) async throws {
        let record = admitted("snd_1", at: ["a", "b"])
        var rich = take("s2")
        rich.lyrics = "la"
        rich.timedLyrics = [TimedLine(text: "la", start: 0.5, end: 1.5)]
        rich.coverURL = "https://cdn.example/c.png"
        let events: [TaskEvent] = [
            .slotGranted(request: 1, credential: "main", token: "t0k"),
            .accepted(attempt: 1, RemoteJob(id: "j1")),
            .observed(attempt: 1, Observation(.running, results: [take("s1")])),
            .observed(
                attempt: 1,
                Observation(
                    .failed(Failure(.providerFailed, "x", providerCode: "531", retryAfter: .seconds(7)))
                )
            ),
            .outputFailed(attempt: 1, index: 0, Failure(.badResult, "x")),
            .slotGranted(request: 2, credential: nil, token: nil), .accepted(attempt: 2, RemoteJob(id: "j2")),
            .observed(
                attempt: 2,
                Observation(.succeeded, results: [rich, take("s3")], cost: Cost.Amount(3, "credits"))
            ),
            .outputKept(attempt: 2, index: 0, asset("aa"), title: nil),
            .outputFailed(attempt: 2, index: 1, Failure(.badResult, "x")),
        ]
        try await store.run { ledger in
            try await ledger.admit(record, holder: one)
            var machine = TaskMachine(record)
            for (step, event) in events.enumerated() {
                _ = machine.apply(event, at: start.advanced(by: .seconds(step)))
                guard let change = machine.takeChange() else {
                    Issue.record("\(event) changes nothing")
                    continue
                }
                try await ledger.commit(change)
                let found = try await ledger.task(record.id)
                #expect(found == change.record, "\(event)")
            }
            #expect(machine.record.status == .succeeded)
        }
    }

    @Test(
        "calls that wait, and what each call asks for, are read back as they were",
        arguments: LedgerStore.all
    )
    func calls(_ store: LedgerStore) async throws {
        let record = admitted(at: ["a", "b"], takesPerCall: 2) { $0.variations = 5 }
        let paid = Cost.Amount(7, "credits")
        let events: [TaskEvent] = [
            .slotGranted(request: 2, credential: "main", token: "t2"),
            .slotGranted(request: 3, credential: "main", token: nil),
            .delivered(attempt: 2, StreamedTake(id: "r", cost: paid, audio: .success(asset("aa")))),
            .refused(attempt: 1, Failure(.rateLimited, "x")),
            .slotGranted(request: 1, credential: nil, token: nil),
            .refused(attempt: 3, Failure(.providerAuth, "x")),
        ]
        try await store.run { ledger in
            try await ledger.admit(record, holder: one)
            #expect(try await ledger.task(record.id) == record)
            var machine = TaskMachine(record)
            for (step, event) in events.enumerated() {
                _ = machine.apply(event, at: start.advanced(by: .seconds(step)))
                let taken = machine.takeChange()
                let change = try #require(taken)
                try await ledger.commit(change)
                let found = try await ledger.task(record.id)
                var expected = change.record
                // How far a task is, is not kept.
                expected.progress = 0
                #expect(found == expected, "\(event)")
            }
            #expect(machine.record.waiting.map(\.takes) == [2, 2])
        }
    }

    @Test("a key admits one task, for its client and for a day", arguments: LedgerStore.all)
    func idempotency(_ store: LedgerStore) async throws {
        func answer(_ client: String?, _ task: String, at moment: Moment = start) -> FirstAnswer {
            FirstAnswer(
                key: IdempotencyKey(client: client, value: "k"),
                fingerprint: "f-\(task)",
                task: TaskID(rawValue: task),
                status: 202,
                body: Array("{\(task)}".utf8),
                createdAt: moment
            )
        }
        try await store.run { ledger in
            let first = answer(nil, "snd_1")
            func admit(_ id: String, _ answer: FirstAnswer) async throws -> Admission {
                try await ledger.admit(admitted(id), holder: one, answer: answer, messages: [])
            }
            #expect(try await admit("snd_1", first) == .admitted)
            let second = try await admit("snd_2", answer(nil, "snd_2"))
            #expect(second == .known(first))
            #expect(try await ledger.task(TaskID(rawValue: "snd_2")) == nil, "nothing is stored twice")
            let other = try await admit("snd_3", answer("c", "snd_3"))
            #expect(other == .admitted)
            var sent = first
            sent.status = 200
            sent.body = [1, 0, 2]
            try await ledger.revise(sent)
            #expect(try await ledger.firstAnswer(to: first.key, now: start) == sent)
            let nextDay = start.advanced(by: FirstAnswer.keptFor)
            #expect(try await ledger.firstAnswer(to: first.key, now: nextDay) == nil)
            var late = admitted("snd_4")
            late.createdAt = nextDay.advanced(by: .seconds(1))
            let again = answer(nil, "snd_4", at: late.createdAt)
            let lateOne = try await ledger.admit(late, holder: one, answer: again, messages: [])
            #expect(lateOne == .admitted)
        }
    }

    @Test("what was committed is there after closing and opening again", arguments: LedgerStore.all)
    func reopen(_ store: LedgerStore) async throws {
        try await withFolder { folder in
            let first = try await store.open("\(folder)/ledger.db")
            var records: [TaskRecord] = []
            for stage in Stage.allCases {
                let record = admitted("snd_\(stage.rawValue)", at: ["a", "b"])
                try await first.admit(record, holder: one)
                var bench = stage.bench(record)
                if let change = bench.machine.takeChange() { try await first.commit(change) }
                records.append(bench.record)
            }
            await first.close()
            let second = try await store.open("\(folder)/ledger.db")
            for record in records {
                let found = try await second.task(record.id)
                #expect(found == record)
            }
            // Nobody else is alive: what the last process held is free at once.
            let claimed = try await second.claim(100, for: two, until: later, now: start)
            #expect(Set(claimed.map(\.id)) == Set(records.map(\.id)))
            await second.close()
        }
    }

    @Test("lists are newest first, filtered, in pages", arguments: LedgerStore.all)
    func lists(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            for number in 1...9 {
                var record = admitted("snd_\(number)", at: [number.isMultiple(of: 3) ? "b" : "a"]) {
                    $0.type = number > 7 ? .music : .effect
                }
                record.client = [nil, "x", "y"][number % 3]
                try await ledger.admit(record, holder: one)
                if number <= 4 {
                    try await ledger.commit(record.ended(number <= 2 ? .succeeded : .canceled).0)
                }
            }
            func list(_ owner: TaskQuery.Owner = .everyone, _ change: (inout TaskQuery) -> Void = { _ in })
                async throws -> String
            {
                var query = TaskQuery(owner: owner)
                change(&query)
                return try await ledger.tasks(query).map { String($0.id.rawValue.dropFirst(4)) }.joined()
            }
            let cases: [(String, String)] = [
                (try await list(), "987654321"), (try await list(.client("x")), "741"),
                (try await list(.client("y")), "852"), (try await list(.client(nil)), "963"),
                (try await list(.client("z")), ""), (try await list { $0.limit = 2 }, "98"),
                (try await list { $0.before = TaskID(rawValue: "snd_4") }, "321"),
                (try await list { $0.status = .succeeded }, "21"),
                (try await list { $0.status = .queued }, "98765"),
                (try await list { $0.status = .canceled }, "43"),
                (try await list { $0.provider = "b" }, "963"),
                (try await list { $0.type = .music }, "98"),
                (
                    try await list(.client("x")) {
                        $0.provider = "a"
                        $0.status = .queued
                        $0.before = TaskID(rawValue: "snd_8")
                        $0.limit = 1
                    }, "7"
                ),
            ]
            for (found, expected) in cases { #expect(found == expected) }
        }
    }

    @Test("a hostile word in a filter is only a word", arguments: LedgerStore.all)
    func injection(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            try await ledger.admit(admitted("snd_1"), holder: one)
            var query = TaskQuery(owner: .client("x' OR 1=1 --"))
            query.provider = "'; DROP TABLE tasks; --"
            let found = try await ledger.tasks(query)
            #expect(found.isEmpty)
            let all = try await ledger.tasks(TaskQuery(owner: .everyone))
            #expect(all.count == 1)
        }
    }

    @Test("removing an ended task gives what no other task shares", arguments: LedgerStore.all)
    func remove(_ store: LedgerStore) async throws {
        func succeeded(_ id: String, _ contents: [String]) -> (TaskRecord, TaskChange?) {
            let record = admitted(id)
            var machine = TaskMachine(record)
            _ = machine.apply(.slotGranted(request: 1, credential: nil, token: nil), at: start)
            _ = machine.apply(.renderingBegan(attempt: 1, takes: contents.count), at: start)
            for (index, content) in contents.enumerated() {
                _ = machine.apply(
                    .outputKept(attempt: 1, index: index, asset(content), title: nil),
                    at: start
                )
            }
            return (record, machine.takeChange())
        }
        try await store.run { ledger in
            for (record, change) in [succeeded("snd_1", ["aa", "bb"]), succeeded("snd_2", ["bb", "cc"])] {
                try await ledger.admit(record, holder: one)
                try await ledger.commit(try #require(change))
            }
            let before = try await ledger.refers(to: asset("aa"))
            #expect(before)
            let first = try await ledger.remove(TaskID(rawValue: "snd_1"))
            #expect(first == [asset("aa")])
            for (content, isReferred) in [("aa", false), ("bb", true), ("cc", true), ("zz", false)] {
                let found = try await ledger.refers(to: asset(content))
                #expect(found == isReferred, "\(content)")
            }
            let gone = try await ledger.task(TaskID(rawValue: "snd_1"))
            #expect(gone == nil)
            let again = try await ledger.remove(TaskID(rawValue: "snd_1"))
            #expect(again.isEmpty)
            let second = try await ledger.remove(TaskID(rawValue: "snd_2"))
            #expect(second == [asset("bb"), asset("cc")])
        }
    }

    @Test("a task that has not ended is not removed", arguments: LedgerStore.all)
    func removeRunning(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            try await ledger.admit(admitted("snd_1"), holder: one)
            let nothing = try await ledger.remove(TaskID(rawValue: "snd_1"))
            #expect(nothing.isEmpty)
            let found = try await ledger.task(TaskID(rawValue: "snd_1"))
            #expect(found != nil)
        }
    }

    @Test("many callers at once lose nothing", arguments: LedgerStore.all)
    func concurrency(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let record = admitted("snd_\(1000 + number)")
                        try await ledger.admit(record, holder: one)
                        try await ledger.commit(record.ended(.succeeded).0)
                    }
                }
                try await group.waitForAll()
            }
            var query = TaskQuery(owner: .everyone, limit: 1000)
            query.status = .succeeded
            let found = try await ledger.tasks(query)
            #expect(found.count == 200)
            try await ledger.checkWritable()
        }
    }

    @Test("a closed ledger refuses, it does not pretend", arguments: LedgerStore.all)
    func closed(_ store: LedgerStore) async throws {
        try await withFolder { folder in
            let ledger = try await store.open("\(folder)/ledger.db")
            await ledger.close()
            await #expect(throws: LedgerError.self) { try await ledger.admit(admitted(), holder: one) }
            await #expect(throws: LedgerError.self) { try await ledger.checkWritable() }
        }
    }
}
