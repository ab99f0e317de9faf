import CLinux
import EventLoop
import Glibc
import Synchronization
import Testing
import Threads

@Suite struct EventLoopTests {
    /// A started loop that ends with the test.
    private func withLoop<Result>(_ body: (EventLoop) async throws -> Result) async throws -> Result {
        let loop = try EventLoop(name: "test")
        try loop.start()
        defer { loop.stop() }
        return try await body(loop)
    }

    private func onLoop<Result: Sendable>(
        _ loop: EventLoop,
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            loop.execute { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    @Test func aTaskThatPrefersTheLoopStaysOnItsThread() async throws {
        try await withLoop { loop in
            let stayed = await Task(executorPreference: loop) {
                var all = loop.isCurrent
                for _ in 0..<10 {
                    await Task.yield()
                    all = all && loop.isCurrent
                }
                return all
            }.value
            #expect(stayed)
        }
    }

    private actor Pinned {
        nonisolated let loop: EventLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
        init(loop: EventLoop) { self.loop = loop }
        func isHome() -> Bool { loop.isCurrent }
    }

    @Test func anActorPinnedToTheLoopRunsThere() async throws {
        try await withLoop { loop in
            let home = await Pinned(loop: loop).isHome()
            #expect(home)
        }
    }

    @Test func timersFireInTheOrderOfTheirDueTimesAndNotWhenCancelled() async throws {
        try await withLoop { loop in
            let order = Guarded<[Int]>([])
            await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
                loop.execute {
                    let base = monotonicNow()
                    func at(_ milliseconds: UInt64, _ body: @escaping () -> Void) -> Timer {
                        loop.schedule(at: base + milliseconds * 1_000_000, body)
                    }
                    _ = at(12) { order.withLock { $0.append(3) } }
                    _ = at(4) { order.withLock { $0.append(1) } }
                    let cancelled = at(5) { order.withLock { $0.append(9) } }
                    _ = at(4) {
                        order.withLock { $0.append(2) }
                        loop.cancel(cancelled)
                    }
                    _ = at(16) { done.resume() }
                }
            }
            #expect(order.withLock { $0 } == [1, 2, 3])
        }
    }

    @Test func aTimerNeverFiresEarly() async throws {
        try await withLoop { loop in
            let waited = await withCheckedContinuation { (done: CheckedContinuation<UInt64, Never>) in
                loop.execute {
                    let start = monotonicNow()
                    _ = loop.schedule(after: .microseconds(2500)) {
                        done.resume(returning: monotonicNow() - start)
                    }
                }
            }
            #expect(waited >= 2_500_000)
        }
    }

    @Test func aStaleEventForARecycledDescriptorIsDropped() async throws {
        try await withLoop { loop in
            let calls = Guarded<[String]>([])
            let late = try await onLoop(loop) { () throws -> (Int32, Int32) in
                var first: [Int32] = [0, 0]
                var second: [Int32] = [0, 0]
                _ = pipe(&first)
                _ = pipe(&second)
                let (a, b) = (first[0], second[0])
                let watches = Guarded<[Watch]>([])
                // Both are ready in the same turn. Whichever runs first ends the other's watch, closes the
                // descriptor and gives its number to a fresh pipe, which is not ready.
                for (mine, other) in [(a, b), (b, a)] {
                    let index = mine == a ? 1 : 0
                    let watch = try loop.watch(mine, for: .read) { _ in
                        calls.withLock { $0.append("first") }
                        loop.unwatch(watches.withLock { $0[index] })
                        loop.unwatch(watches.withLock { $0[1 - index] })
                        close(other)
                        var fresh: [Int32] = [0, 0]
                        _ = pipe(&fresh)
                        _ = try? loop.watch(fresh[0] == other ? fresh[0] : fresh[1], for: .read) { _ in
                            calls.withLock { $0.append("recycled") }
                        }
                    }
                    watches.withLock { $0.append(watch) }
                }
                return (first[1], second[1])
            }
            try await onLoop(loop) {
                var byte: UInt8 = 1
                _ = write(late.0, &byte, 1)
                _ = write(late.1, &byte, 1)
            }
            // Two more turns: the events of both pipes came out of one `epoll_wait`.
            try await onLoop(loop) {}
            await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
                loop.execute { _ = loop.schedule(after: .milliseconds(3)) { done.resume() } }
            }
            #expect(calls.withLock { $0 } == ["first"])
        }
    }

    @Test func jobsQueuedBeforeAndAfterTheEndStillRun() async throws {
        let loop = try EventLoop(name: "ending")
        try loop.start()
        let ran = Atomic<Int>(0)
        for _ in 0..<100 { loop.execute { ran.add(1, ordering: .relaxed) } }
        loop.stop()
        loop.join()
        #expect(ran.load(ordering: .relaxed) == 100)
        let value = await Task(executorPreference: loop) { 7 }.value
        #expect(value == 7)
    }

    @Test func aLoopThatHasEndedHoldsNothingOfItsTimersAndWatches() async throws {
        final class Held: Sendable {}
        let loop = try EventLoop(name: "ending")
        try loop.start()
        weak let held = try await onLoop(loop) { () throws -> Held in
            let held = Held()
            _ = loop.schedule(after: .seconds(3600)) { withExtendedLifetime(held) {} }
            var ends: [Int32] = [0, 0]
            _ = pipe(&ends)
            _ = try loop.watch(ends[0], for: .read) { _ in withExtendedLifetime(held) {} }
            return held
        }
        loop.stop()
        loop.join()
        #expect(held == nil)
    }

    @Test func manyThreadsCanHandInWorkAtOnce() async throws {
        try await withLoop { loop in
            let count = Guarded(0)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<500 { loop.execute { count.withLock { $0 += 1 } } }
                    }
                }
            }
            try await onLoop(loop) {}
            #expect(count.withLock { $0 } == 4000)
        }
    }
}
