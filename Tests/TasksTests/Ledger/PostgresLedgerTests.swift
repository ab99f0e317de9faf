import Postgres
import PostgresTestSupport
import Providers
import Sound
import Support
import Tasks
import Testing
import Threads
import Timing
import Webhooks

/// What several gateways on one database must keep to.
@Suite("The PostgreSQL ledger between replicas")
struct PostgresLedgerTests {
    private let term = Duration.seconds(60)

    @Test(
        "of creates under one key that come to several replicas at once, one is admitted and all hear of it"
    )
    func keys() async throws {
        try await LedgerStore.replicas(3) { ledgers in
            let answers = try await withThrowingTaskGroup(of: Admission.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        let id = TaskID(rawValue: "snd_\(number)")
                        let answer = FirstAnswer(
                            key: IdempotencyKey(client: nil, value: "k"),
                            fingerprint: "f",
                            task: id,
                            status: 202,
                            body: [],
                            createdAt: start
                        )
                        return try await ledgers[number % 3]
                            .admit(admitted(id.rawValue), holder: one, answer: answer, messages: [])
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let known = answers.compactMap { if case .known(let answer) = $0 { answer.task } else { nil } }
            #expect(known.count == 29)
            #expect(Set(known).count == 1)
            #expect(
                try await ledgers[0].tasks(TaskQuery(owner: .everyone)).map(\.id) == Array(known.prefix(1))
            )
        }
    }

    @Test("tables that gateways at work could not go on with wait for their end, and none begins again then")
    func laterTables() async throws {
        let url = try await TestDatabases.shared.freshURL()
        let change = PostgresMigration("later", sql: "ALTER TABLE tasks RENAME id TO key")
        let later = postgresMigrations + [change]
        let older = try await LedgerStore.open(url)
        _ = try await older.claim(1, for: one, term: term, now: start)
        let newer = try LedgerStore.ledger(url) { $0.migrations = later }
        let waits = PostgresMigrationError.inUse(migration: "later", by: 1)
        await #expect(throws: LedgerError.unreachable(waits.description)) { try await newer.open() }
        // Nothing has come of it: the one at work goes on.
        try await older.renew(one, term: term, now: start)
        #expect(try await older.claim(1, for: one, term: term, now: start).isEmpty)
        try await older.release(one)
        try await newer.open()
        let outdated = LedgerError.unreachable(
            "the tables are of a later version, which alone can go on with them"
        )
        await #expect(throws: outdated) {
            try await older.claim(1, for: two, term: term, now: start)
        }
        await #expect(throws: outdated) { try await older.task(TaskID(rawValue: "snd_1")) }
        await older.close()
        await newer.close()
    }

    @Test("a gateway that has died does not keep a later version waiting beyond its lease")
    func laterTablesAfterADeath() async throws {
        let url = try await TestDatabases.shared.freshURL()
        let later = PostgresMigration("later", sql: "CREATE TABLE later (id bigint)")
        let older = try await LedgerStore.open(url)
        _ = try await older.claim(1, for: one, term: .milliseconds(1), now: start)
        let newer = try LedgerStore.ledger(url) { $0.migrations = postgresMigrations + [later] }
        // One millisecond of the database's clock may not have gone by yet.
        try await opened(newer)
        await #expect(throws: LedgerError.leaseLost) { try await older.renew(one, term: term, now: start) }
        await older.close()
        await newer.close()
    }

    @Test("whoever comes to work at the moment in which tables are to change keeps them as they are")
    func laterTablesAtTheSameTime() async throws {
        let url = try await TestDatabases.shared.freshURL()
        let later = PostgresMigration("later", sql: "CREATE TABLE later (id bigint)")
        let newer = try LedgerStore.ledger(url) { $0.migrations = postgresMigrations + [later] }
        let busy = LedgerError.unreachable("somebody is at work in the table of leases")
        try await PostgresServer.withPool(url, loops: 1) { pool in
            try await pool.transaction { transaction in
                _ = try await transaction.query("INSERT INTO holders VALUES ('three', 9000000000000)")
                await #expect(throws: busy) { try await newer.open() }
            }
        }
        let waits = PostgresMigrationError.inUse(migration: "later", by: 1)
        await #expect(throws: LedgerError.unreachable(waits.description)) { try await newer.open() }
        await newer.close()
    }

    @Test("a copy that is not finished keeps its tables")
    func laterTablesDuringACopy() async throws {
        let url = try await TestDatabases.shared.freshURL()
        let later = PostgresMigration("later", sql: "CREATE TABLE later (id bigint)")
        try await PostgresServer.withPool(url, loops: 1) { pool in
            _ = try await pool.query("INSERT INTO copies VALUES ('tasks', 'sqlite', false, '')")
        }
        let newer = try LedgerStore.ledger(url) { $0.migrations = postgresMigrations + [later] }
        let waits = PostgresMigrationError.inUse(migration: "later", by: 1)
        await #expect(throws: LedgerError.unreachable(waits.description)) { try await newer.open() }
        await newer.close()
    }

    /// Opens a ledger as soon as nobody is at work any more.
    private func opened(_ ledger: PostgresLedger) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do throws(LedgerError) { return try await ledger.open() } catch {
                guard case .unreachable = error, ContinuousClock.now < deadline else { throw error }
            }
        }
    }

    @Test("a step that only adds is taken beside gateways at work, which go on")
    func addedTables() async throws {
        let url = try await TestDatabases.shared.freshURL()
        let added = PostgresMigration(
            "added",
            sql: "ALTER TABLE tasks ADD note text NOT NULL DEFAULT ''",
            isCompatible: true
        )
        let older = try await LedgerStore.open(url)
        _ = try await older.claim(1, for: one, term: term, now: start)
        let newer = try await LedgerStore.open(url) { $0.migrations = postgresMigrations + [added] }
        _ = try await older.admit(admitted(), holder: one, answer: nil, messages: [])
        try await older.release(one)
        #expect(try await older.claim(1, for: two, term: term, now: start).count == 1)
        #expect(try await newer.task(admitted().id) != nil)
        await older.close()
        await newer.close()
    }

    @Test("a create that is made again after its answer was lost comes to the same")
    func again() async throws {
        try await LedgerStore.replicas(1) { ledgers in
            let answer = FirstAnswer(
                key: IdempotencyKey(client: nil, value: "k"),
                fingerprint: "f",
                task: TaskID(rawValue: "snd_1"),
                status: 202,
                body: [],
                createdAt: start
            )
            for _ in 0..<2 {
                let admission = try await ledgers[0]
                    .admit(admitted(), holder: one, answer: answer, messages: [message(1)])
                #expect(admission == .admitted)
            }
            #expect(try await ledgers[0].messages(OutboxQuery()).count == 1)
            let lines = try await ledgers[0].usage(
                UsageQuery(owner: .everyone, hours: 0..<UsageQuery.hour(of: start) + 1, by: .total)
            )
            #expect(lines?.map(\.figures.tasks) == [1])
        }
    }

    @Test("however many replicas admit at once, a client has no more than its quota")
    func quotas() async throws {
        try await LedgerStore.replicas(3) { ledgers in
            let limits = [
                Quota.Limit(10, Meter("credits"), per: .month), Quota.Limit(100, .tasks, per: .day),
            ]
            let admitted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        // Of several providers, so that no row is common to all of them.
                        var record = TasksTests.admitted("snd_\(number)", at: ["p\(number % 5)"])
                        record.client = "team"
                        do throws(LedgerError) {
                            _ = try await ledgers[number % 3]
                                .admit(
                                    record,
                                    holder: one,
                                    answer: nil,
                                    messages: [],
                                    within: ClientBounds(quota: limits)
                                )
                            return true
                        } catch {
                            guard case .overQuota(let excesses) = error else { throw error }
                            #expect(excesses.map(\.limit) == [limits[0]])
                            return false
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(admitted == 4)
            let tallies = try await ledgers[1].tallies(of: "team", since: CalendarDay(start))
            let used = tallies.filter { $0.meter.unit == "credits" }.reduce(0) { $0 + $1.millionths }
            #expect(used == 10_000_000)
        }
    }

    @Test("what a dead replica had is taken up once, whoever else is after it")
    func takeover() async throws {
        try await LedgerStore.replicas(4) { ledgers in
            let dead = LeaseHolder(name: "dead")
            _ = try await ledgers[0].claim(1, for: dead, term: term, now: start)
            let ids = (100..<300).map { "snd_\($0)" }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in ids { group.addTask { try await ledgers[0].admit(admitted(id), holder: dead) } }
                try await group.waitForAll()
            }
            let early = try await ledgers[1].claim(10, for: one, term: term, now: start)
            #expect(early.isEmpty, "its lease holds")
            try await ledgers[0].release(dead)
            let taken = try await withThrowingTaskGroup(of: [TaskID].self) { group in
                for (number, ledger) in ledgers.enumerated() {
                    group.addTask {
                        var taken: [TaskID] = []
                        let holder = LeaseHolder(name: "r\(number)")
                        while true {
                            let batch = try await ledger.claim(7, for: holder, term: term, now: start)
                            if batch.isEmpty { return taken }
                            taken += batch.map(\.id)
                        }
                    }
                }
                return try await group.reduce([]) { $0 + $1 }
            }
            #expect(taken.count == Set(taken).count, "no task has two holders")
            // Who came while another one had the rows in hand may have gone away with nothing.
            let rest = try await ledgers[0].claim(1000, for: LeaseHolder(name: "r0"), term: term, now: start)
            #expect(Set(taken + rest.map(\.id)).count == 200)
        }
    }

    @Test("a lease ends by the database's clock, whatever replicas think that the time is")
    func clocks() async throws {
        try await LedgerStore.replicas(2) { ledgers in
            let past = start.advanced(by: .seconds(-1_000_000))
            let future = start.advanced(by: .seconds(1_000_000))
            _ = try await ledgers[0].claim(1, for: one, term: term, now: past)
            try await ledgers[0].admit(admitted(), holder: one)
            #expect(try await ledgers[1].claim(9, for: two, term: term, now: future).isEmpty)
            #expect(try await ledgers[1].holder(of: TaskID(rawValue: "snd_1")) == one)
            try await ledgers[0].renew(one, term: .milliseconds(-1), now: future)
            #expect(try await ledgers[1].holder(of: TaskID(rawValue: "snd_1")) == nil)
            #expect(try await ledgers[1].claim(9, for: two, term: term, now: past).count == 1)
        }
    }

    @Test("of a replica that goes on while another takes over, nothing is stored after the takeover")
    func fencing() async throws {
        try await LedgerStore.replicas(2) { ledgers in
            for round in 0..<20 {
                let (old, new) = (LeaseHolder(name: "old\(round)"), LeaseHolder(name: "new\(round)"))
                let record = admitted("snd_\(round)")
                _ = try await ledgers[0].claim(1, for: old, term: term, now: start)
                try await ledgers[0].admit(record, holder: old)
                let writing = Task {
                    for _ in 0..<2000 {
                        var change = try Stage.accepted.bench(record).takeChange()
                        change.holder = old
                        do throws(LedgerError) {
                            try await ledgers[0].commit(change)
                        } catch {
                            return error == .leaseLost
                        }
                    }
                    return false
                }
                try await ledgers[1].release(old)
                var taken: [TaskRecord] = []
                // A row that a change has in hand at this moment is passed over.
                for _ in 0..<2000 where taken.isEmpty {
                    taken = try await ledgers[1].claim(9, for: new, term: term, now: start)
                }
                #expect(taken.map(\.id) == [record.id])
                // What was taken over is what is stored: nothing has slipped in behind it.
                let found = try await ledgers[1].task(record.id)
                #expect(found == taken.first)
                #expect(try await writing.value, "it is told that it has lost the lease")
                #expect(try await ledgers[1].task(record.id) == taken.first)
                try await ledgers[1].commit(record.ended().0)
            }
        }
    }

    @Test("a holder without a lease changes nothing, also of what nobody has taken yet")
    func untaken() async throws {
        try await LedgerStore.replicas(1) { ledgers in
            _ = try await ledgers[0].claim(1, for: one, term: term, now: start)
            try await ledgers[0].admit(admitted(), holder: one)
            try await ledgers[0].release(one)
            var change = try admitted().ended().0
            change.holder = one
            let late = change
            await #expect(throws: LedgerError.leaseLost) { try await ledgers[0].commit(late) }
            #expect(try await ledgers[0].task(TaskID(rawValue: "snd_1")) == admitted())
        }
    }

    @Test("changes of one task that come at once are each counted once")
    func counting() async throws {
        try await LedgerStore.replicas(3) { ledgers in
            var record = admitted()
            record.client = "team"
            try await ledgers[0].admit(record, holder: one)
            let change = try record.ended(.succeeded).0
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<30 { group.addTask { try await ledgers[number % 3].commit(change) } }
                try await group.waitForAll()
            }
            let query = UsageQuery(owner: .everyone, hours: 0..<UsageQuery.hour(of: start) + 1, by: .total)
            let figures = try #require(try await ledgers[0].usage(query)).map(\.figures)
            #expect(figures.map(\.tasks) == [1])
            #expect(figures.map(\.succeeded) == [1])
            #expect(figures.map(\.outputs) == [1])
            let tallies = try await ledgers[0].tallies(of: "team", since: CalendarDay(start))
            #expect(tallies.filter { $0.meter == .tasks }.map(\.millionths) == [1_000_000])
        }
    }

    @Test("messages that come while others are settled are told in order, by one at a time", arguments: 0..<4)
    func messages(_ round: Int) async throws {
        try await LedgerStore.replicas(3) { ledgers in
            let record = admitted()
            try await ledgers[0].admit(record, holder: one, messages: [message(1)])
            let told = Guarded<[Int]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 2...10 {
                        var change = try Stage.accepted.bench(record).takeChange()
                        change.messages = [message(number)]
                        try await ledgers[0].commit(change)
                    }
                }
                for number in 1...2 {
                    group.addTask {
                        for _ in 0..<5000 where told.withLock({ $0.count < 10 }) {
                            let claimed = try await ledgers[number].claimMessages(
                                5,
                                for: "courier\(number)",
                                until: start.advanced(by: .seconds(60)),
                                now: start,
                                except: []
                            )
                            for message in claimed {
                                var settled = message
                                settled.state = .delivered
                                told.withLock { $0.append(message.number) }
                                let isSettled = try await ledgers[number]
                                    .settleMessage(settled, for: "courier\(number)")
                                #expect(isSettled)
                            }
                            await Task.yield()
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(told.withLock { $0 } == Array(1...10))
        }
    }

    @Test("a text with NUL, which PostgreSQL cannot hold, keeps no task from being stored")
    func nul() async throws {
        try await LedgerStore.replicas(1) { ledgers in
            try await ledgers[0].admit(admitted(), holder: one)
            var rich = take("s1")
            rich.title = "a\u{0}b"
            var machine = TaskMachine(admitted())
            _ = machine.apply(.slotGranted(request: 1, credential: nil, token: nil), at: start)
            _ = machine.apply(.accepted(attempt: 1, RemoteJob(id: "j")), at: start)
            _ = machine.apply(
                .observed(attempt: 1, Observation(.succeeded, results: [rich])),
                at: start
            )
            let change = machine.takeChange()
            try await ledgers[0].commit(try #require(change))
            let found = try await ledgers[0].task(TaskID(rawValue: "snd_1"))
            #expect(found?.outputs.map(\.title) == ["a\u{FFFD}b"])
        }
    }

    @Test("a change of which the database has no room for a part leaves nothing, and says so")
    func full() async throws {
        let url = try await TestDatabases.shared.freshURL()
        let ledger = try await LedgerStore.open(url)
        try await ledger.admit(admitted("snd_1"), holder: one, messages: [message(1)])
        try await PostgresServer.withPool(url, loops: 1) { pool in
            _ = try await pool.query(
                """
                CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN RAISE EXCEPTION ''no'' USING ERRCODE = ''53100''; END'
                """
            )
            _ = try await pool.query(
                "CREATE TRIGGER no_room BEFORE INSERT ON messages EXECUTE FUNCTION no_room()"
            )
            let change = try ended("snd_1", telling: [message(2)])
            await #expect(throws: LedgerError.full) { try await ledger.commit(change) }
            await #expect(throws: LedgerError.full) {
                _ = try await ledger.admit(
                    admitted("snd_2"),
                    holder: one,
                    answer: nil,
                    messages: [message(1, of: "snd_2")]
                )
            }
            #expect(try await ledger.task(change.record.id) == admitted("snd_1"))
            #expect(try await ledger.task(TaskID(rawValue: "snd_2")) == nil)
            _ = try await pool.query("DROP TRIGGER no_room ON messages")
            try await ledger.commit(change)
            #expect(try await ledger.task(change.record.id) == change.record)
            #expect(try await ids(ledger.messages(OutboxQuery())) == ["snd_1.2", "snd_1.1"])
        }
        await ledger.close()
    }

    @Test("claims cost by what is claimed, not by what has ended")
    func flat() async throws {
        let url = try await TestDatabases.shared.freshURL()
        let ledger = try await LedgerStore.open(url)
        try await ledger.admit(admitted("snd_0"), holder: LeaseHolder(name: "dead"))
        try await PostgresServer.withPool(url, loops: 1) { pool in
            _ = try await pool.query(
                """
                INSERT INTO tasks (created_at, deadline, ended_at, revision, id, type, status, lease_holder, waiting,
                    request, routes)
                SELECT 1, 2, n, 1, 'snd_x' || n, 'effect', 'succeeded', 'h' || n % 50, '[]', '{}', '[]'
                FROM generate_series(1, 20000) n
                """
            )
            _ = try await pool.query("ANALYZE tasks")
            func blocks() async throws -> Int64 {
                _ = try await pool.query("SELECT pg_stat_force_next_flush()")
                return try await pool.query(
                    """
                    SELECT heap_blks_hit + heap_blks_read FROM pg_statio_user_tables WHERE relname = 'tasks'
                    """
                )[0].int64(0)
            }
            let before = try await blocks()
            let claimed = try await ledger.claim(100, for: one, term: term, now: start)
            #expect(claimed.map(\.id.rawValue) == ["snd_0"])
            let none = try await ledger.claim(100, for: one, term: term, now: start)
            #expect(none.isEmpty)
            await ledger.close()
            // The table has some thousand pages.
            let read = try await blocks() - before
            #expect(read < 100, "\(read) pages of the table were read")
        }
    }

    @Test("a database that goes away is told apart from one that may have stored something, and comes back")
    func away() async throws {
        let server = try PostgresServer()
        let ledger = try await LedgerStore.open(server.url())
        try await ledger.admit(admitted("snd_1"), holder: one)
        server.stop()
        var isUnreachable = false
        for _ in 0..<10 {
            do throws(LedgerError) {
                try await ledger.admit(admitted("snd_2"), holder: one)
                Issue.record("stored nowhere")
            } catch {
                // The first ones may find connections that break under them.
                if case .unreachable = error { isUnreachable = true }
            }
        }
        #expect(isUnreachable)
        try server.start()
        var found: TaskRecord?
        for _ in 0..<600 where found == nil {
            do { found = try await ledger.task(TaskID(rawValue: "snd_1")) } catch {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        #expect(found == admitted("snd_1"))
        await ledger.close()
    }
}

extension Bench {
    /// The change that it has come to.
    fileprivate func takeChange() throws -> TaskChange {
        var machine = machine
        guard let change = machine.takeChange() else { throw NothingChanged() }
        return change
    }
}
