import Postgres
import PostgresTestSupport
import Sound
import Tasks
import Testing
import Timing
import Webhooks

/// What comes of changes that were stored, and whose answers were lost on the way back.
@Suite("A PostgreSQL ledger whose answers get lost")
struct LostAnswerTests {
    /// A ledger over a wire, another one over none, and a pool on their database.
    private func overWire(
        _ body: (PostgresWire, _ far: PostgresLedger, _ near: PostgresLedger, PostgresPool) async throws ->
            Void
    ) async throws {
        let name = try await TestDatabases.shared.freshName()
        let server = try PostgresServer.shared.server()
        let wire = try PostgresWire(to: server)
        let (far, near) = (
            try await LedgerStore.open(wire.url(name)), try await LedgerStore.open(server.url(name))
        )
        try await PostgresServer.withPool(server.url(name), loops: 1) { pool in
            try await body(wire, far, near, pool)
        }
        wire.cut()
        await far.close()
        await near.close()
    }

    /// Polls until something holds.
    private func until(_ holds: () async throws -> Bool) async throws {
        for _ in 0..<2000 {
            if try await holds() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("it did not come about")
    }

    @Test("a create is made again under its id, and stored and answered once", arguments: [true, false])
    func create(_ hasKey: Bool) async throws {
        try await overWire { wire, far, near, _ in
            let record = admitted()
            let answer = FirstAnswer(
                key: IdempotencyKey(client: nil, value: "k"),
                fingerprint: "f",
                task: record.id,
                status: 202,
                body: [],
                createdAt: start
            )
            wire.swallowAnswers()
            async let admission = far.admit(
                record,
                holder: one,
                answer: hasKey ? answer : nil,
                messages: [message(1)]
            )
            try await until { try await near.task(record.id) != nil }
            wire.cut()
            #expect(try await admission == .admitted)
            #expect(try await near.messages(OutboxQuery()).count == 1)
            let query = UsageQuery(owner: .everyone, hours: 0..<UsageQuery.hour(of: start) + 1, by: .total)
            #expect(try await near.usage(query)?.map(\.figures.tasks) == [1])
        }
    }

    @Test("a change may have been stored, and making it again comes to the same")
    func change() async throws {
        try await overWire { wire, far, near, _ in
            let record = admitted()
            try await near.admit(record, holder: one)
            let change = try record.ended(.succeeded).0
            wire.swallowAnswers()
            async let first: Void = far.commit(change)
            try await until { try await near.task(record.id)?.status == .succeeded }
            wire.cut()
            do {
                try await first
                Issue.record("its answer was lost")
            } catch {
                guard let error = error as? LedgerError, case .unavailable = error else { throw error }
            }
            try await until {
                do {
                    try await far.commit(change)
                    return true
                } catch { return false }
            }
            let query = UsageQuery(owner: .everyone, hours: 0..<UsageQuery.hour(of: start) + 1, by: .total)
            #expect(try await near.usage(query)?.map(\.figures.succeeded) == [1])
        }
    }

    @Test("tasks that were claimed without anybody hearing of it are given with the next claim")
    func claim() async throws {
        try await overWire { wire, far, near, pool in
            try await near.admit(admitted(), holder: LeaseHolder(name: "dead"))
            // The commit takes its time, so that its answer alone can be lost.
            _ = try await pool.query(
                """
                CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END'
                """
            )
            _ = try await pool.query(
                """
                CREATE CONSTRAINT TRIGGER dawdle AFTER UPDATE ON tasks DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION dawdle()
                """
            )
            let term = Duration.seconds(60)
            let lost = Task { try await far.claim(9, for: one, term: term, now: start) }
            try await until {
                try await !pool.query(
                    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
                ).isEmpty
            }
            wire.swallowAnswers()
            try await until { try await near.holder(of: TaskID(rawValue: "snd_1")) == one }
            wire.cut()
            await #expect(throws: LedgerError.self) { _ = try await lost.value }
            #expect(try await near.claim(9, for: two, term: term, now: start).isEmpty, "it is one's")
            var found: [TaskRecord] = []
            try await until {
                do { found = try await far.claim(9, for: one, term: term, now: start) } catch { return false }
                return true
            }
            #expect(found.map(\.id.rawValue) == ["snd_1"])
            #expect(try await far.claim(9, for: one, term: term, now: start).isEmpty)
        }
    }
}
