import Providers
import SQLite
import Sound
import Support
import Tasks
import Testing
import Timing

/// What every store must keep to about what was used.
@Suite("The contract of ledgers: usage")
struct UsageContractTests {
    /// A task of 2.5 credits that was created so many hours after the start.
    private func task(_ number: Int, hours: Int = 0, client: String? = "team", at providers: [String] = ["a"])
        -> TaskRecord
    {
        var record = admitted("snd_\(number)", at: providers)
        record.client = client
        record.createdAt = start.advanced(by: .seconds(hours * 3600))
        return record
    }

    @Test("every interval adds up what was created in it", arguments: LedgerStore.all)
    func intervals(_ store: LedgerStore) async throws {
        // The start is 2027-01-15T08:00:00Z.
        try await store.run { ledger in
            for (number, hours) in [0, 0, 1, 16, 17 * 24, 400 * 24].enumerated() {
                try await ledger.admit(task(number, hours: hours), holder: one)
            }
            for (interval, expected) in [
                (
                    UsageQuery.Interval.hour,
                    [(0, 2), (1, 1), (16, 1), (408, 1), (9600, 1)] as [(Int64, Int64)]
                ),
                (.day, [(-8, 3), (16, 1), (400, 1), (9592, 1)]),
                (.month, [(-344, 4), (400, 1), (9160, 1)]),
                (.total, [(-100_000, 6)]),
            ] {
                let query = UsageQuery(owner: .everyone, hours: wide, by: interval)
                let lines = try #require(try await ledger.usage(query))
                let seen = lines.map { [$0.hour - UsageQuery.hour(of: start), $0.figures.tasks] }
                #expect(seen == expected.map { [$0.0, $0.1] }, "\(interval)")
            }
        }
    }

    @Test("only what is asked for is told: hours, client, provider", arguments: LedgerStore.all)
    func filters(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            try await ledger.admit(task(1), holder: one)
            try await ledger.admit(task(2, hours: 3, client: "other"), holder: one)
            try await ledger.admit(task(3, client: nil, at: ["b"]), holder: one)
            let hour = UsageQuery.hour(of: start)
            func tasks(_ owner: TaskQuery.Owner, _ hours: Range<Int64>, _ provider: String? = nil)
                async throws
                -> [String]
            {
                var query = UsageQuery(owner: owner, hours: hours, by: .total)
                query.provider = provider
                return try #require(try await ledger.usage(query)).map {
                    "\($0.client ?? "-") \($0.name?.description ?? "-") \($0.figures.tasks)"
                }
            }
            #expect(
                try await tasks(.everyone, wide) == ["- b/sounds 1", "other a/sounds 1", "team a/sounds 1"]
            )
            #expect(try await tasks(.client("team"), wide) == ["team a/sounds 1"])
            #expect(try await tasks(.client(nil), wide) == ["- b/sounds 1"])
            #expect(try await tasks(.everyone, wide, "b") == ["- b/sounds 1"])
            #expect(try await tasks(.everyone, hour..<hour + 3, "a") == ["team a/sounds 1"])
            #expect(try await tasks(.everyone, hour + 3..<hour + 4) == ["other a/sounds 1"])
        }
    }

    @Test("a change that is made again counts once", arguments: LedgerStore.all)
    func again(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            try await ledger.admit(task(1), holder: one)
            let (change, record) = try task(1).ended(.succeeded)
            for _ in 0..<3 { try await ledger.commit(change) }
            #expect(try await reckoning(of: ledger) == Reckoning(of: [record]))
            #expect(try await reckoning(of: ledger).counts["a/sounds"] == [1, 1, 0, 0, 1, 1, 2000])
        }
    }

    @Test("usage outlives its tasks, whoever removes them", arguments: LedgerStore.all)
    func outlives(_ store: LedgerStore) async throws {
        try await store.run { ledger in
            var records: [TaskRecord] = []
            for number in 1...2 {
                try await ledger.admit(task(number), holder: one)
                let (change, record) = try task(number).ended(.succeeded)
                try await ledger.commit(change)
                records.append(record)
            }
            _ = try await ledger.remove(records[0].id)
            let far = start.advanced(by: .seconds(86_400))
            let expired = try await ledger.removeTasks(endedBefore: far, untoldBefore: far, limit: 9)
            #expect(expired.tasks == [records[1].id])
            #expect(try await reckoning(of: ledger) == Reckoning(of: records))
            // What is heard of a task that is gone changes nothing.
            let (late, _) = try task(1).ended()
            try? await ledger.commit(late)
            #expect(try await reckoning(of: ledger) == Reckoning(of: records))
        }
    }

    @Test("more lines than are told at once are not told at all", arguments: LedgerStore.all)
    func tooMany(_ store: LedgerStore) async throws {
        try await withFolder { folder in
            let path = "\(folder)/ledger.db"
            // The tables have to be there.
            await (try await store.open(path)).close()
            try await store.execute(
                path,
                """
                WITH RECURSIVE hours (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM hours WHERE n <= 10000)
                INSERT INTO usage (client, hour, provider, operation, unit, tasks, succeeded, failed, canceled, attempts,
                    outputs, audio_ms, estimated, actual, total)
                SELECT '', n, 'a', 'sounds', '', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM hours
                """
            )
            let ledger = try await store.open(path)
            let most = UsageQuery(owner: .everyone, hours: 1..<10_001, by: .hour)
            #expect(try await ledger.usage(most)?.count == UsageQuery.mostLines)
            #expect(try await ledger.usage(UsageQuery(owner: .everyone, hours: 1..<10_002, by: .hour)) == nil)
            #expect(try await ledger.usage(UsageQuery(owner: .everyone, hours: 1..<10_002))?.count == 417)
            await ledger.close()
        }
    }
}

/// Usage in a ledger's own file.
@Suite("The SQLite ledger's usage")
struct SQLiteUsageTests {
    @Test("tasks of the time before usage was counted are counted once, and hide no others")
    func before() async throws {
        try await withFolder { folder in
            let path = "\(folder)/ledger.db"
            var ledger = try await SQLiteLedger(path: path)
            var records: [TaskRecord] = []
            for number in 1...1200 {
                let record = admitted("snd_\(number)")
                records.append(number % 3 == 0 ? try record.ended(.succeeded).1 : record)
            }
            // Together, so that they are stored together.
            try await withThrowingTaskGroup(of: Void.self) { [ledger] group in
                for record in records {
                    group.addTask {
                        let fresh = admitted(record.id.rawValue)
                        try await ledger.admit(fresh, holder: one)
                        if record.status.hasEnded { try await ledger.commit(fresh.ended(.succeeded).0) }
                    }
                }
                try await group.waitForAll()
            }
            await ledger.close()
            let database = try Database(path: path, migrations: ledgerMigrations)
            try await database.write { connection in
                _ = try connection.run("UPDATE tasks SET usage = NULL")
                _ = try connection.run("DELETE FROM usage")
                _ = try connection.run("UPDATE tasks SET request = '{' WHERE id = 'snd_7'")
            }
            await database.close()
            records.remove(at: 6)
            for _ in 0..<2 {
                ledger = try await SQLiteLedger(path: path)
                #expect(try await reckoning(of: ledger) == Reckoning(of: records))
                await ledger.close()
            }
            // One of them goes on.
            ledger = try await SQLiteLedger(path: path)
            let (change, record) = try records[0].ended()
            try await ledger.commit(change)
            records[0] = record
            #expect(try await reckoning(of: ledger) == Reckoning(of: records))
            await ledger.close()
        }
    }

    @Test(
        "whatever tasks live through, what is counted is what they say",
        arguments: LedgerStore.all,
        0..<6
    )
    func randomLives(_ store: LedgerStore, _ round: Int) async throws {
        var dice = SeededGenerator(seed: UInt64(round + 500))
        try await withFolder { folder in
            var ledger = try await store.open("\(folder)/ledger.db")
            var machines: [Int: TaskMachine] = [:]
            // As they were stored at last, the removed ones included.
            var stored: [TaskID: TaskRecord] = [:]
            for step in 0..<400 {
                let number = Int.random(in: 1...20, using: &dice)
                switch Int.random(in: 0..<60, using: &dice) {
                case 0:
                    // The process dies: what was not stored has not happened.
                    await ledger.close()
                    ledger = try await store.open("\(folder)/ledger.db")
                    for (number, machine) in machines {
                        machines[number] = try await ledger.task(machine.record.id).map { TaskMachine($0) }
                    }
                case 1:
                    guard let machine = machines[number] else { continue }
                    _ = try await ledger.remove(machine.record.id)
                    if try await ledger.task(machine.record.id) == nil { machines[number] = nil }
                default:
                    guard var machine = machines[number] else {
                        let record = life("snd_\(number)-\(step)", &dice)
                        try await ledger.admit(record, holder: one)
                        stored[record.id] = record
                        machines[number] = TaskMachine(record)
                        continue
                    }
                    _ = machine.apply(event(&dice, machine.record), at: start)
                    machines[number] = machine
                    guard Int.random(in: 0..<4, using: &dice) > 0, let change = machine.takeChange() else {
                        continue
                    }
                    machines[number] = machine
                    for _ in 0..<Int.random(in: 1...2, using: &dice) { try await ledger.commit(change) }
                    stored[change.record.id] = change.record
                }
            }
            #expect(try await reckoning(of: ledger) == Reckoning(of: Array(stored.values)))
            let ends = Set(stored.values.map(\.status))
            #expect(ends.count >= 3, "the lives are too one-sided: \(ends)")
            #expect(stored.values.contains { $0.attempts.contains { $0.cost?.kind == .actual } })
            await ledger.close()
        }
    }

    private func life(_ id: String, _ dice: inout SeededGenerator) -> TaskRecord {
        let takesPerCall = [nil, 1, 2].randomElement(using: &dice) ?? nil
        var record = admitted(id, at: ["a", "b", "c"].shuffled(using: &dice), takesPerCall: takesPerCall) {
            $0.variations = [nil, 1, 2, 4].randomElement(using: &dice) ?? nil
        }
        record.client = [nil, "team", "other"].randomElement(using: &dice) ?? nil
        record.createdAt = start.advanced(by: .seconds(Int.random(in: 0...100, using: &dice) * 1000))
        return record
    }

    private func event(_ dice: inout SeededGenerator, _ record: TaskRecord) -> TaskEvent {
        let attempt = Int.random(in: 1...max(record.attempts.count, 1), using: &dice)
        let codes: [Failure.Code] = [.providerUnavailable, .providerFailed, .contentPolicy]
        let failure = Failure(codes.randomElement(using: &dice) ?? .internal, "x")
        let cost =
            Bool.random(using: &dice) ? Cost.Amount(Double.random(in: 0...9, using: &dice), "credits") : nil
        let results = ["s1", "s2"].prefix(Int.random(in: 0...2, using: &dice)).map { take($0) }
        switch Int.random(in: 0..<24, using: &dice) {
        case 0..<6:
            let waiting = record.waiting.randomElement(using: &dice)?.id ?? 1
            return .slotGranted(request: waiting, credential: "k", token: "t")
        case 6..<9: return .accepted(attempt: attempt, RemoteJob(id: "j", cost: cost))
        case 9..<11: return .refused(attempt: attempt, failure)
        case 11: return .acceptanceUnknown(attempt: attempt)
        case 12: return .renderingBegan(attempt: attempt, takes: 2)
        case 13: return .observed(attempt: attempt, Observation(.running, results: results, cost: cost))
        case 14..<16:
            return .observed(attempt: attempt, Observation(.succeeded, results: results, cost: cost))
        case 16:
            return .observed(attempt: attempt, Observation(.failed(failure), results: results, cost: cost))
        case 17..<20:
            let index = Int.random(in: 0...3, using: &dice)
            let asset = asset("c\(index)", seconds: Double.random(in: 0...30, using: &dice))
            return .outputKept(attempt: attempt, index: index, asset, title: nil)
        case 20: return .outputFailed(attempt: attempt, index: Int.random(in: 0...3, using: &dice), failure)
        case 21:
            return .delivered(
                attempt: attempt,
                StreamedTake(
                    id: nil,
                    cost: cost,
                    audio: Bool.random(using: &dice) ? .success(asset()) : .failure(failure)
                )
            )
        case 22: return .putOff(attempt: attempt)
        default: return Bool.random(using: &dice) ? .cancelRequested : .deadlinePassed
        }
    }
}

private let wide = UsageQuery.hour(of: start) - 100_000..<UsageQuery.hour(of: start) + 100_000

/// What a ledger has counted.
private func reckoning(of ledger: any Ledger) async throws -> Reckoning {
    let lines = try await ledger.usage(UsageQuery(owner: .everyone, hours: wide, by: .hour))
    return Reckoning(of: try #require(lines))
}

/// Usage by operation, added up from lines or, in another way than the ledger's, from tasks.
private struct Reckoning: Equatable {
    /// Tasks, succeeded, failed, canceled, attempts, outputs, milliseconds.
    var counts: [String: [Int64]] = [:]
    /// Totals by provider and unit, in millionths.
    var totals: [Meter: Int64] = [:]
    var actual: [Meter: Int64] = [:]

    init(of lines: [UsageLine]) {
        for line in lines {
            let sums = line.figures
            add(
                [
                    sums.tasks, sums.succeeded, sums.failed, sums.canceled, sums.attempts, sums.outputs,
                    sums.audioMilliseconds,
                ],
                at: line.name
            )
            for cost in line.costs {
                add(cost.total, to: \.totals, Meter(cost.unit, of: line.name?.provider))
                add(cost.actual, to: \.actual, Meter(cost.unit, of: line.name?.provider))
            }
        }
    }

    init(of records: [TaskRecord]) {
        for record in records {
            let ends = [TaskStatus.succeeded, .failed, .canceled].map { Int64(record.status == $0 ? 1 : 0) }
            add([1] + ends + [0, 0, 0], at: record.route?.name)
            for attempt in record.attempts {
                add([0, 0, 0, 0, 1, 0, 0], at: attempt.name)
                guard let cost = attempt.cost, cost.kind == .actual else { continue }
                add(
                    Int64((cost.amount.amount * 1e6).rounded()),
                    to: \.actual,
                    Meter(cost.amount.unit, of: attempt.name.provider)
                )
            }
            for output in record.outputs where output.status == .ready {
                let name = record.attempts.first { $0.number == output.attempt }?.name
                add([0, 0, 0, 0, 0, 1, Int64(((output.asset?.duration ?? 0) * 1000).rounded())], at: name)
            }
            // Quotas are counted by rules of their own.
            for (meter, amount) in record.charge.amounts where meter != .tasks {
                add(amount, to: \.totals, meter)
            }
        }
    }

    private mutating func add(_ numbers: [Int64], at name: RouteName?) {
        let key = name?.description ?? "-"
        let sums = zip(counts[key] ?? numbers.map { _ in 0 }, numbers).map(+)
        counts[key] = sums.allSatisfy { $0 == 0 } ? nil : sums
    }

    private mutating func add(
        _ amount: Int64,
        to sums: WritableKeyPath<Reckoning, [Meter: Int64]>,
        _ meter: Meter
    ) {
        let sum = (self[keyPath: sums][meter] ?? 0) + amount
        self[keyPath: sums][meter] = sum == 0 ? nil : sum
    }
}
