import Assets
import HTTP
import JSON
import SQLite
import Synchronization
import Testing
import Threads

/// What callers see while the gateway's disk takes nothing.
@Suite("Trouble with the disk")
struct StorageTests {
    private let body = #"{"prompt": "rain", "provider": "suno"}"#

    /// A commit that fails with a code while there is one.
    private final class Failing: Sendable {
        let code = Atomic<Int32>(0)

        var options: Database.Options {
            var options = Database.Options()
            options.busyTimeout = .milliseconds(50)
            options.beforeCommit = {
                let code = self.code.load(ordering: .acquiring)
                if code != 0 { throw SQLiteError(code: code) }
            }
            return options
        }

        func fail(_ code: Int32) { self.code.store(code, ordering: .releasing) }
    }

    private func expectRefusal(_ house: House, _ status: Int, _ code: String) async throws {
        let refused = try await house.send(.post, "/v1/sounds", body, fields: ["Idempotency-Key": "k"])
        #expect(refused.status == status)
        #expect(refused.code == code)
        #expect(refused.fields["Retry-After"] == "5")
        let readiness = try await house.send(.get, "/readyz")
        #expect(readiness.status == 503)
        #expect(readiness.code == code)
        #expect(try await house.send(.get, "/v1/sounds").json["data"]?.array?.isEmpty == true)
        #expect(try await house.send(.get, "/healthz").status == 200)
    }

    private func expectNormality(_ house: House) async throws {
        #expect(try await house.send(.get, "/readyz").status == 200)
        let fields: Fields = ["Idempotency-Key": "k"]
        let accepted = try await house.send(.post, "/v1/sounds", body, fields: fields)
        #expect(accepted.status == 202, "nothing of the refused create was stored, its key neither")
        #expect(accepted.fields["Idempotency-Replayed"] == nil)
    }

    @Test(
        "A commit that fails refuses the create and all of it, and the next one is taken when the disk is back",
        arguments: [
            (13, 507, "storage_full"), (10 | 4 << 8, 503, "storage_unavailable"),
            (8, 503, "storage_unavailable"),
        ]
            as [(Int32, Int, String)]
    )
    func commits(_ code: Int32, _ status: Int, _ name: String) async throws {
        let failing = Failing()
        try await withHouse(database: failing.options) { house in
            failing.fail(code)
            try await expectRefusal(house, status, name)
            failing.fail(0)
            try await expectNormality(house)
        }
    }

    @Test("While another program holds the ledger's lock, creates are refused after a wait and reads go on")
    func locked() async throws {
        try await withHouse(database: Failing().options) { house in
            let other = try Connection(path: house.directory + "/ledger.db", mode: .readWrite)
            try other.execute("BEGIN IMMEDIATE")
            try await expectRefusal(house, 503, "storage_unavailable")
            try other.execute("COMMIT")
            try await expectNormality(house)
        }
    }

    @Test(
        "With the reserve begun creates get 507, on a read-only disk 503; what is there is shown, and known keys are answered",
        arguments: [(10, false, 507, "storage_full"), (1000, true, 503, "storage_unavailable")]
            as [(UInt64, Bool, Int, String)]
    )
    func reserve(_ free: UInt64, _ isReadOnly: Bool, _ status: Int, _ name: String) async throws {
        let pool = try WorkerPool(name: "disks", threads: 1)
        let space = Guarded(DiskRoom.Space(free: free, total: 10_000, isReadOnly: isReadOnly))
        let room = DiskRoom(
            paths: ["disk"],
            reserve: 100,
            pool: pool,
            freshFor: .zero,
            measure: { _ in space.withLock { $0 } }
        )
        try await withHouse(room: room) { house in
            try await expectRefusal(house, status, name)
            space.withLock { $0 = DiskRoom.Space(free: 1000, total: 10_000) }
            try await expectNormality(house)
            space.withLock { $0 = DiskRoom.Space(free: 10, total: 10_000) }
            let again = try await house.send(.post, "/v1/sounds", body, fields: ["Idempotency-Key": "k"])
            #expect(again.status == 202)
            #expect(again.fields["Idempotency-Replayed"] == "true")
            #expect(try await house.send(.get, "/v1/sounds/\(again.json["id"]?.string ?? "?")").status == 200)
            #expect(try await house.send(.post, "/v1/plans", body).status == 200)
        }
        pool.shutdown()
    }

    @Test("A task that cannot be read is told apart, and hides no other")
    func damaged() async throws {
        try await withHouse { house in
            let whole = try await house.sound()
            let other = try Connection(path: house.directory + "/ledger.db", mode: .readWrite)
            try other.execute(
                """
                PRAGMA foreign_keys = OFF;
                CREATE TEMP TABLE copy AS SELECT * FROM tasks;
                UPDATE copy SET id = 'snd_damaged', request = '{';
                INSERT INTO tasks SELECT * FROM copy;
                """
            )
            let damaged = try await house.send(.get, "/v1/sounds/snd_damaged")
            #expect(damaged.status == 500)
            #expect(damaged.code == "storage_damaged")
            #expect(damaged.fields["Retry-After"] == nil)
            let list = try await house.send(.get, "/v1/sounds").json["data"]?.array ?? []
            #expect(list.map { $0["id"]?.string } == [whole.id])
            #expect(try await house.send(.get, "/readyz").status == 200)
        }
    }
}
