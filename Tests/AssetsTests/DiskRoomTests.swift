import Assets
import Testing
import Threads

@Suite("Room on the disks")
struct DiskRoomTests {
    /// Disks that a test fills, and how often they were looked at.
    private final class Disks: Sendable {
        let spaces: Guarded<[String: DiskRoom.Space]>
        let looks = Guarded(0)
        let levels = Guarded<[DiskRoom.Level]>([])

        init(_ spaces: [String: DiskRoom.Space]) { self.spaces = Guarded(spaces) }

        func room(_ reserve: Int, freshFor: Duration = .zero, _ pool: WorkerPool) -> DiskRoom {
            DiskRoom(
                paths: ["ledger", "audio"],
                reserve: reserve,
                pool: pool,
                freshFor: freshFor,
                measure: { path in
                    self.looks.withLock { $0 += 1 }
                    return self.spaces.withLock { $0[path] }
                },
                onChange: { level in self.levels.withLock { $0.append(level) } }
            )
        }

        func fill(_ path: String, _ space: DiskRoom.Space?) { spaces.withLock { $0[path] = space } }
    }

    private func withPool(_ body: (WorkerPool) async throws -> Void) async throws {
        let pool = try WorkerPool(name: "disks", threads: 1)
        try await body(pool)
        pool.shutdown()
    }

    @Test(
        "the fuller disk decides, and what is left of the reserve",
        arguments: [
            (1000, 5000, .tasks), (800, 800, .tasks), (799, 5000, .calls), (5000, 400, .calls),
            (399, 799, .audio), (100, 5000, .audio), (99, 5000, .ledger), (0, 0, .ledger),
        ] as [(UInt64, UInt64, DiskRoom.Level)]
    )
    func levels(_ ledger: UInt64, _ audio: UInt64, _ level: DiskRoom.Level) async throws {
        try await withPool { pool in
            let disks = Disks([
                "ledger": .init(free: ledger, total: 100_000), "audio": .init(free: audio, total: 100_000),
            ])
            let room = disks.room(800, pool)
            #expect(await room.look() == level)
            #expect(room.spaces.map { $0?.free } == [ledger, audio])
        }
    }

    @Test(
        "of a small disk a tenth is kept, of one that tells nothing nothing, and a reserve of 0 refuses nobody"
    )
    func small() async throws {
        try await withPool { pool in
            let disks = Disks(["ledger": .init(free: 100, total: 1000)])
            #expect(await disks.room(800, pool).look() == .tasks)
            disks.fill("ledger", .init(free: 99, total: 1000))
            #expect(await disks.room(800, pool).look() == .calls)
            disks.fill("ledger", .init(free: 0, total: 1000))
            #expect(await disks.room(0, pool).look() == .tasks)
            disks.fill("ledger", nil)
            #expect(await disks.room(800, pool).look() == .tasks)
        }
    }

    @Test("a read-only disk has room for nothing, whatever is free on it")
    func readOnly() async throws {
        try await withPool { pool in
            let disks = Disks(["audio": .init(free: 5000, total: 10_000, isReadOnly: true)])
            #expect(await disks.room(0, pool).look() == .nothing)
        }
    }

    @Test("a look is good for a while, and a change is told once")
    func freshness() async throws {
        try await withPool { pool in
            let disks = Disks(["ledger": .init(free: 5000, total: 100_000)])
            let lazy = disks.room(800, freshFor: .seconds(3600), pool)
            for _ in 0..<100 { #expect(await lazy.look() == .tasks) }
            #expect(lazy.known == .tasks)
            #expect(disks.looks.withLock { $0 } == 2, "one look at each disk")
            let room = disks.room(800, pool)
            for free in [5000, 10, 10, 5000, 5000] as [UInt64] {
                disks.fill("ledger", .init(free: free, total: 100_000))
                _ = await room.look()
            }
            #expect(disks.levels.withLock { $0 } == [.ledger, .tasks])
        }
    }

    @Test("who does not wait for a look gets the news by the next time")
    func known() async throws {
        try await withPool { pool in
            let disks = Disks(["ledger": .init(free: 5000, total: 100_000)])
            let room = disks.room(800, pool)
            disks.fill("ledger", .init(free: 10, total: 100_000))
            #expect(room.known == .tasks)
            while room.known != .ledger { await Task.yield() }
        }
    }

    @Test("a real disk tells its size")
    func real() throws {
        let space = try #require(DiskRoom.Space(at: "/tmp"))
        #expect(space.total > 0 && space.free <= space.total && !space.isReadOnly)
        #expect(DiskRoom.Space(at: "/nowhere") == nil)
    }
}
