import Assets
import Foundation
import Providers
import Sound
import Tasks
import Telemetry
import Testing
import Threads

/// What the engine does while our own disk takes nothing.
@Suite("A disk without room", .timeLimit(.minutes(5)))
struct DiskTests {
    /// A disk that is full for so many looks, and then empty.
    private func room(_ level: DiskRoom.Level, for looks: Int, _ pool: WorkerPool) -> (DiskRoom, Guarded<Int>)
    {
        let count = Guarded(0)
        let free: UInt64 =
            switch level {
            case .tasks: 1000
            case .calls: 60
            case .audio: 20
            case .ledger, .nothing: 0
            }
        let room = DiskRoom(
            paths: ["disk"],
            reserve: 100,
            pool: pool,
            freshFor: .zero,
            measure: { _ in
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return DiskRoom.Space(free: number > looks ? 1000 : free, total: 10_000)
            }
        )
        return (room, count)
    }

    @Test(
        "no call is begun while what is left is kept for those that were",
        arguments: [(.calls, true), (.audio, false), (.ledger, false)] as [(DiskRoom.Level, Bool)]
    )
    func calls(_ level: DiskRoom.Level, _ mayBegin: Bool) async throws {
        try await withFolder { folder in
            let pool = try WorkerPool(name: "disks", threads: 1)
            let (room, looks) = room(level, for: 8, pool)
            let vendor = Vendor(audio: try audioBytes(in: folder))
            try await withEngine([("suno", vendor)], folder: folder, room: room) { bench in
                // The clock jumps from look to look, far faster than anybody looks.
                let task = try await bench.create(deadline: .seconds(10_000_000))
                let ended = try #require(await bench.end(of: task))
                #expect(ended.status == .succeeded)
                #expect(ended.attempts.count == 1)
                #expect(vendor.creates == 1)
                if mayBegin {
                    #expect(looks.withLock { $0 } <= 8)
                } else {
                    #expect(looks.withLock { $0 } > 8)
                }
            }
            pool.shutdown()
        }
    }

    @Test("a sound that the disk does not take is rendered again until it does", arguments: [true, false])
    func rendering(_ isWatched: Bool) async throws {
        try await withFolder { folder in
            let pool = try WorkerPool(name: "disks", threads: 1)
            let home = "\(folder)/audio/incoming"
            // Beyond what the gauge sees, the disk may still refuse: here the folder for new files is gone for a while.
            let (room, _) = isWatched ? room(.ledger, for: 5, pool) : room(.tasks, for: 0, pool)
            try await withEngine([], folder: folder, room: room) { bench in
                if !isWatched { try FileManager.default.removeItem(atPath: home) }
                let task = try await bench.create(at: ["builtin"], deadline: .seconds(10_000_000)) {
                    $0.duration = 0.5
                }
                if !isWatched {
                    while !bench.log.messages.contains("a sound could not be stored; trying again") {
                        await Task.yield()
                    }
                    try FileManager.default.createDirectory(
                        atPath: home,
                        withIntermediateDirectories: false
                    )
                }
                let ended = try #require(await bench.end(of: task))
                #expect(ended.status == .succeeded)
                #expect(ended.attempts.count == 1)
                #expect(try FileManager.default.contentsOfDirectory(atPath: home).isEmpty)
            }
            pool.shutdown()
        }
    }

    @Test("a result that the disk does not take is fetched again, however long that lasts")
    func fetching() async throws {
        try await withFolder { folder in
            let vendor = Vendor(audio: try audioBytes(in: folder))
            let home = "\(folder)/audio/incoming"
            try await withEngine([("suno", vendor)], folder: folder) { bench in
                try FileManager.default.removeItem(atPath: home)
                let task = try await bench.create(deadline: .seconds(10_000_000))
                // Some 200 seconds of the engine's time: longer than a vendor's file that does not come is tried.
                while bench.log.messages.count(where: { $0 == "a result could not be kept" }) < 20 {
                    await Task.yield()
                }
                #expect(bench.engine.board.record(task.id)?.status == .running)
                try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
                let ended = try #require(await bench.end(of: task))
                #expect(ended.status == .succeeded)
                #expect(vendor.creates == 1)
            }
        }
    }

    @Test("a task that is canceled while it waits for the disk ends")
    func canceled() async throws {
        try await withFolder { folder in
            let pool = try WorkerPool(name: "disks", threads: 1)
            let (room, _) = room(.audio, for: .max, pool)
            let vendor = Vendor(audio: [])
            // A clock that stands still: the line is not looked at by itself.
            try await withEngine(
                [("suno", vendor)],
                folder: folder,
                time: DreamTime(jumping: 0),
                room: room
            ) { bench in
                let task = try await bench.create()
                let canceled = try await bench.engine.cancel(task.id)
                #expect(canceled?.status == .canceled)
                #expect(vendor.creates == 0)
            }
            pool.shutdown()
        }
    }
}
