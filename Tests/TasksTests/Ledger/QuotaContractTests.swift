import Providers
import Sound
import Tasks
import Testing
import Timing

/// What every store must keep to where clients may not have everything.
@Suite("The contract of ledgers: quotas")
struct QuotaContractTests {
    private let month = [Quota.Limit(10, Meter("credits"), per: .month)]

    /// A task of 2.5 credits of a client, created so much after the start.
    private func task(
        _ number: Int,
        client: String = "team",
        after span: Duration = .zero,
        at provider: String = "a"
    ) -> TaskRecord {
        var record = admitted("snd_\(number)", at: [provider])
        record.client = client
        record.createdAt = start.advanced(by: span)
        return record
    }

    private func admit(_ record: TaskRecord, to ledger: any Ledger, _ limits: [Quota.Limit]) async throws {
        _ = try await ledger.admit(
            record,
            holder: one,
            answer: nil,
            messages: [],
            within: ClientBounds(quota: limits)
        )
    }

    private func isRefused(_ record: TaskRecord, by ledger: any Ledger, _ limits: [Quota.Limit]) async throws
        -> Bool
    {
        do {
            try await admit(record, to: ledger, limits)
            return false
        } catch LedgerError.overQuota {
            return true
        }
    }

    private func used(_ ledger: any Ledger, _ meter: Meter = Meter("credits")) async throws -> Double {
        let tallies = try await ledger.tallies(of: "team", since: CalendarDay(start).month.lowerBound)
        return Double(tallies.reduce(0) { meter.covers($1.meter) ? $0 + $1.millionths : $0 }) / 1e6
    }

    @Test("of many that come at once, as many are stored as there is quota for", arguments: LedgerStore.all)
    func many(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...200 {
                    group.addTask { try await isRefused(task(number), by: ledger, month) }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refused == 196)
            #expect(try await used(ledger) == 10)
            #expect(try await ledger.tasks(TaskQuery(owner: .client("team"))).count == 4)
        }
    }

    @Test("of many that come at once, no more are unfinished than may be", arguments: LedgerStore.all)
    func crowd(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            let bounds = ClientBounds(unfinished: 3)
            @Sendable func isAdmitted(_ record: TaskRecord, by holder: LeaseHolder) async throws -> Bool {
                do {
                    _ = try await ledger.admit(
                        record,
                        holder: holder,
                        answer: nil,
                        messages: [],
                        within: bounds
                    )
                    return true
                } catch LedgerError.tooManyTasks(3) {
                    return false
                }
            }
            for holder in [one, two] {
                _ = try await ledger.claim(1, for: holder, term: .seconds(60), now: start)
            }
            let admitted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...60 {
                    group.addTask { try await isAdmitted(task(number), by: number % 2 == 0 ? one : two) }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(admitted == 3, "whoever holds them")
            let others = try await isAdmitted(task(100, client: "others"), by: one)
            #expect(others, "it is a client's own")
            let first = try #require(try await ledger.tasks(TaskQuery(owner: .client("team"))).first)
            try await ledger.commit(first.ended().0)
            let next = try await isAdmitted(task(101), by: two)
            #expect(next, "one has ended")
        }
    }

    @Test(
        "a refusal tells every limit that is in the way, and leaves the key free",
        arguments: LedgerStore.all
    )
    func excess(_ store: LedgerStore) async throws {
        let limits =
            month + [Quota.Limit(1, .tasks, per: .day), Quota.Limit(0, Meter("credits", of: "b"), per: .day)]
        try await store.run { ledger in
            try await admit(task(1), to: ledger, limits)
            for number in 2...4 { try await admit(task(number), to: ledger, []) }
            let key = IdempotencyKey(client: "team", value: "k")
            let answer = FirstAnswer(
                key: key,
                fingerprint: "f",
                task: TaskID(rawValue: "snd_9"),
                status: 202,
                body: [],
                createdAt: start
            )
            let day = CalendarDay(start)
            let opens = (day.next.start, day.month.upperBound.start)
            await #expect(
                throws: LedgerError.overQuota([
                    QuotaExcess(limit: limits[0], used: 10_000_000, asked: 2_500_000, opensAt: opens.1),
                    QuotaExcess(limit: limits[1], used: 4_000_000, asked: 1_000_000, opensAt: opens.0),
                ])
            ) {
                try await ledger.admit(
                    task(9),
                    holder: one,
                    answer: answer,
                    messages: [],
                    within: ClientBounds(quota: limits)
                )
            }
            #expect(try await ledger.firstAnswer(to: key, now: start) == nil)
            #expect(try await ledger.task(TaskID(rawValue: "snd_9")) == nil)
            #expect(try await used(ledger, .tasks) == 4)
        }
    }

    @Test(
        "a limit counts its own client, its own provider and its own period alone",
        arguments: LedgerStore.all
    )
    func apart(_ store: LedgerStore) async throws {
        let own = [Quota.Limit(2, Meter("credits", of: "a"), per: .day)]
        let all = [Quota.Limit(2, Meter("credits"), per: .day)]
        try await store.run { ledger in
            try await admit(task(1), to: ledger, [])
            #expect(try await isRefused(task(2), by: ledger, own))
            #expect(try await isRefused(task(2, at: "b"), by: ledger, all))
            #expect(try await !isRefused(task(2, at: "b"), by: ledger, own))
            #expect(
                try await !isRefused(
                    task(3, client: "other"),
                    by: ledger,
                    [Quota.Limit(3, Meter("credits"), per: .day)]
                )
            )
            let tomorrow = task(4, after: .seconds(86_400))
            #expect(
                try await isRefused(tomorrow, by: ledger, [Quota.Limit(7, Meter("credits"), per: .month)])
            )
            #expect(try await !isRefused(tomorrow, by: ledger, [Quota.Limit(3, Meter("credits"), per: .day)]))
            let nextMonth = task(5, after: .seconds(40 * 86_400))
            #expect(
                try await !isRefused(nextMonth, by: ledger, [Quota.Limit(3, Meter("credits"), per: .month)])
            )
        }
    }

    @Test("what a task turns out to cost counts on the day it was created", arguments: LedgerStore.all)
    func settled(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            try await admit(task(1), to: ledger, month)
            var bench = Bench(task(1))
            bench.now = start.advanced(by: .seconds(86_400))
            for event: TaskEvent in [
                .slotGranted(request: 1, credential: nil, token: nil),
                .accepted(attempt: 1, RemoteJob(id: "j")),
                .observed(
                    attempt: 1,
                    Observation(.succeeded, results: [take("s")], cost: Cost.Amount(12, "credits"))
                ),
            ] {
                bench.apply(event)
                let change = bench.machine.takeChange()
                try await ledger.commit(try #require(change))
            }
            #expect(try await used(ledger) == 12, "what is spent is told, quota or not")
            let tallies = try await ledger.tallies(of: "team", since: CalendarDay(start).next)
            #expect(tallies.isEmpty)
            #expect(try await isRefused(task(2), by: ledger, month))
        }
    }

    @Test("what was not begun is given back, once", arguments: LedgerStore.all)
    func givenBack(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            for number in 1...4 { try await admit(task(number), to: ledger, month) }
            #expect(try await isRefused(task(5), by: ledger, month))
            let (change, _) = try task(1).ended()
            try await ledger.commit(change)
            try await ledger.commit(change)
            #expect(try await used(ledger) == 7.5)
            #expect(try await used(ledger, .tasks) == 3)
            #expect(try await !isRefused(task(5), by: ledger, month))
        }
    }

    @Test("a call too many is refused, and its settlement is not", arguments: LedgerStore.all)
    func more(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            var record = admitted("snd_1", takesPerCall: 2) { $0.variations = 4 }
            record.client = "team"
            try await admit(record, to: ledger, month)
            for number in 2...4 { try await admit(task(number), to: ledger, month) }
            var bench = Bench(record)
            for event: TaskEvent in [
                .slotGranted(request: 1, credential: nil, token: nil),
                .accepted(attempt: 1, RemoteJob(id: "j")),
            ] {
                bench.apply(event)
                let change = bench.machine.takeChange()
                try await ledger.commit(try #require(change))
            }
            // One take of two: another call is made for the other one.
            bench.apply(.observed(attempt: 1, Observation(.succeeded, results: [take("s")])))
            let taken = bench.machine.takeChange()
            var change = try #require(taken)
            change.limits = month
            let asking = change
            await #expect(throws: LedgerError.self) { try await ledger.commit(asking) }
            #expect(try await ledger.task(record.id)?.attempts.first?.state == .accepted)
            #expect(try await used(ledger) == 10)
            change.limits = []
            try await ledger.commit(change)
            #expect(try await used(ledger) == 11.25)
        }
    }

    @Test("deleting a task and starting again change nothing of what was taken", arguments: LedgerStore.all)
    func kept(_ store: LedgerStore) async throws {
        try await withFolder { folder in
            var ledger = try await store.open("\(folder)/ledger.db")
            try await admit(task(1), to: ledger, month)
            let (change, _) = try task(1).ended(.succeeded)
            try await ledger.commit(change)
            _ = try await ledger.remove(TaskID(rawValue: "snd_1"))
            await ledger.close()
            ledger = try await store.open("\(folder)/ledger.db")
            #expect(try await used(ledger) == 2.5)
            #expect(try await used(ledger, .tasks) == 1)
            await ledger.close()
        }
    }
}
