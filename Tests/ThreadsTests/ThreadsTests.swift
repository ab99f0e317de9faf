import Glibc
import Synchronization
import Testing
import Threads

@Suite struct ThreadsTests {
    @Test func aPoolRunsEveryJobBeforeItShutsDown() throws {
        let pool = try WorkerPool(name: "test", threads: 3)
        let count = Atomic<Int>(0)
        for _ in 0..<1000 { pool.submit { count.add(1, ordering: .relaxed) } }
        pool.shutdown()
        #expect(count.load(ordering: .relaxed) == 1000)
    }

    @Test func aFailureOfTheJobReachesTheCaller() async throws {
        struct Broken: Error {}
        let pool = try WorkerPool(name: "test", threads: 1)
        await #expect(throws: Broken.self) { try await pool.run { throw Broken() } }
        let answer = try await pool.run { 42 }
        #expect(answer == 42)
        pool.shutdown()
    }

    @Test func aSingleThreadKeepsTheOrder() throws {
        let pool = try WorkerPool(name: "test", threads: 1)
        let seen = Guarded<[Int]>([])
        for index in 0..<3000 { pool.submit { seen.withLock { $0.append(index) } } }
        pool.shutdown()
        #expect(seen.withLock { $0 } == Array(0..<3000))
    }

    @Test func aGuardedValueIsTouchedByOneThreadAtATime() async {
        let value = Guarded(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<1000 { value.withLock { $0 += 1 } } } }
        }
        #expect(value.withLock { $0 } == 8000)
    }

    @Test func aSystemErrorSaysCallAndReason() {
        let error = SystemError("open", subject: "/nowhere", code: 2)
        #expect(error.description == "/nowhere: No such file or directory (open)")
    }

    @Test func aLockedFileIsNobodyElsesUntilItsHolderGoes() throws {
        let path = "/tmp/soundgate-lock-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        defer { unlink(path) }
        var held: FileLock? = try FileLock(path)
        #expect { try FileLock(path) } throws: { ($0 as? SystemError)?.code == EWOULDBLOCK }
        #expect(held != nil)
        held = nil
        _ = try FileLock(path, waiting: true)
    }
}
