import JSON
import Providers
import Sound
import Tasks
import Testing

/// What every store of tasks must keep to.
@Suite("The contract of leases")
struct LeaseContractTests {
    private let later = start.advanced(by: .seconds(60))

    @Test("a task is leased to one holder, and to another only after the lease", arguments: LedgerStore.all)
    func leases(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            _ = try await ledger.claim(1, for: one, until: later, now: start)
            try await ledger.admit(admitted("snd_1"), holder: one)
            let own = try await ledger.claim(10, for: two, until: later, now: start)
            #expect(own.isEmpty, "the admitting holder has it")
        }
        try await withFolder { folder in
            let first = try await store.open("\(folder)/ledger.db")
            try await first.admit(admitted("snd_1"), holder: LeaseHolder(name: "dead"))
            await first.close()
            let ledger = try await store.open("\(folder)/ledger.db")
            let mine = try await ledger.claim(10, for: one, until: later, now: start)
            #expect(mine.count == 1)
            let again = try await ledger.claim(10, for: one, until: later, now: start)
            #expect(again.isEmpty, "who has a task is not given it again")
            let early = try await ledger.claim(10, for: two, until: later, now: later)
            #expect(early.isEmpty, "the lease holds to its end")
            let after = later.advanced(by: .milliseconds(1))
            let taken = try await ledger.claim(
                10,
                for: two,
                until: after.advanced(by: .seconds(60)),
                now: after
            )
            #expect(taken.map(\.id.rawValue) == ["snd_1"])
            await ledger.close()
        }
    }

    @Test("a lease that is renewed holds on, for all tasks of its holder", arguments: LedgerStore.all)
    func renewal(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            _ = try await ledger.claim(1, for: one, until: later, now: start)
            for number in 1...3 { try await ledger.admit(admitted("snd_\(number)"), holder: one) }
            let evenLater = later.advanced(by: .seconds(60))
            try await ledger.renew(one, until: evenLater)
            let early = try await ledger.claim(10, for: two, until: evenLater, now: evenLater)
            #expect(early.isEmpty)
            let after = evenLater.advanced(by: .milliseconds(1))
            let taken = try await ledger.claim(10, for: two, until: after, now: after)
            #expect(taken.count == 3)
        }
    }

    @Test(
        "who has lost the lease changes nothing any more, and does not get it back",
        arguments: LedgerStore.all
    )
    func fencing(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            _ = try await ledger.claim(1, for: one, until: start, now: start)
            try await ledger.admit(admitted("snd_1"), holder: one)
            _ = try await ledger.claim(1, for: two, until: later.advanced(by: .seconds(60)), now: later)
            await #expect(throws: LedgerError.leaseLost) { try await ledger.renew(one, until: later) }
            var bench = Stage.accepted.bench(admitted("snd_1"))
            let made = bench.machine.takeChange()
            var change = try #require(made)
            change.holder = one
            let late = change
            await #expect(throws: LedgerError.leaseLost) { try await ledger.commit(late) }
            let untouched = try await ledger.task(TaskID(rawValue: "snd_1"))
            #expect(untouched == admitted("snd_1"))
            change.holder = two
            try await ledger.commit(change)
            let stored = try await ledger.task(TaskID(rawValue: "snd_1"))
            #expect(stored == change.record)
        }
    }

    @Test(
        "no claim begins a lease again that is gone: its tasks are free for good",
        arguments: LedgerStore.all
    )
    func lastingLoss(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            _ = try await ledger.claim(1, for: one, until: start, now: start)
            for number in 1...3 { try await ledger.admit(admitted("snd_\(number)"), holder: one) }
            let first = try await ledger.claim(1, for: two, until: later, now: later)
            #expect(first.count == 1)
            await #expect(throws: LedgerError.leaseLost) {
                try await ledger.claim(9, for: one, until: later, now: later)
            }
            try await ledger.admit(admitted("snd_4"), holder: one)
            let rest = try await ledger.claim(9, for: two, until: later, now: later)
            #expect(rest.count == 3)
        }
    }

    @Test("a lease that is released leaves its tasks to others at once", arguments: LedgerStore.all)
    func release(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            _ = try await ledger.claim(1, for: one, until: later, now: start)
            try await ledger.admit(admitted("snd_1"), holder: one)
            let held = try await ledger.holder(of: TaskID(rawValue: "snd_1"))
            #expect(held == one)
            try await ledger.release(one)
            let free = try await ledger.holder(of: TaskID(rawValue: "snd_1"))
            #expect(free == nil)
            await #expect(throws: LedgerError.leaseLost) { try await ledger.renew(one, until: later) }
            let taken = try await ledger.claim(10, for: two, until: later, now: start)
            #expect(taken.map(\.id.rawValue) == ["snd_1"])
            let next = try await ledger.holder(of: TaskID(rawValue: "snd_1"))
            #expect(next == two)
        }
    }

    @Test(
        "who holds a task learns that it is to be canceled, also who holds it next",
        arguments: LedgerStore.all
    )
    func cancelRequests(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            _ = try await ledger.claim(1, for: one, until: later, now: start)
            for number in 1...3 { try await ledger.admit(admitted("snd_\(number)"), holder: one) }
            try await ledger.commit(admitted("snd_3").ended().0)
            for id in ["snd_2", "snd_3", "snd_4"] { try await ledger.requestCancel(of: TaskID(rawValue: id)) }
            let wishes = try await ledger.cancelsRequested(of: one)
            #expect(wishes.map(\.rawValue) == ["snd_2"], "neither an ended one nor one that is not there")
            try await ledger.release(one)
            _ = try await ledger.claim(10, for: two, until: later, now: start)
            let before = try await ledger.cancelsRequested(of: one)
            let after = try await ledger.cancelsRequested(of: two)
            #expect(before.isEmpty)
            #expect(after.map(\.rawValue) == ["snd_2"])
        }
    }

    @Test(
        "a callback finds the attempt of an unfinished task by its token or its job",
        arguments: LedgerStore.all
    )
    func addressees(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            _ = try await ledger.claim(1, for: one, until: later, now: start)
            try await ledger.admit(admitted("snd_1", at: ["a"]), holder: one)
            var machine = TaskMachine(admitted("snd_1", at: ["a"]))
            _ = machine.apply(.slotGranted(request: 1, credential: "main", token: "t0ken"), at: start)
            _ = machine.apply(.accepted(attempt: 1, RemoteJob(id: "job-7")), at: start)
            let made = machine.takeChange()
            let change = try #require(made)
            try await ledger.commit(change)
            func number(_ provider: String, token: String? = nil, job: String? = nil) async throws -> Int? {
                let address = CallbackAddress(provider: provider, token: token, job: job)
                return try await ledger.addressee(of: address).map {
                    $0.task.rawValue == "snd_1" ? $0.attempt : -1
                }
            }
            let found = [
                try await number("a", token: "t0ken"), try await number("a", job: "job-7"),
                try await number("b", token: "t0ken"), try await number("a", token: "other"),
                try await number("a", job: "t0ken"),
            ]
            #expect(found == [1, 1, nil, nil, nil])
            _ = machine.apply(.cancelRequested, at: start)
            let last = machine.takeChange()
            let end = try #require(last)
            try await ledger.commit(end)
            let late = try await number("a", token: "t0ken")
            #expect(late == nil, "the task has ended")
        }
    }

    @Test(
        "unfinished tasks are claimed oldest first, in batches, ended ones never",
        arguments: LedgerStore.all
    )
    func batches(_ store: LedgerStore) async throws {
        try await withFolder { folder in
            let first = try await store.open("\(folder)/ledger.db")
            for number in [3, 1, 5, 2, 4, 6] {
                try await first.admit(admitted("snd_\(number)"), holder: LeaseHolder(name: "dead"))
            }
            try await first.commit(admitted("snd_2").ended().0)
            await first.close()
            let ledger = try await store.open("\(folder)/ledger.db")
            var batches: [[String]] = []
            while true {
                let batch = try await ledger.claim(2, for: one, until: later, now: start)
                if batch.isEmpty { break }
                batches.append(batch.map(\.id.rawValue))
            }
            #expect(batches == [["snd_1", "snd_3"], ["snd_4", "snd_5"], ["snd_6"]])
            await ledger.close()
        }
    }
}
