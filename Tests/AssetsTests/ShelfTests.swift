import Assets
import AudioFile
import Crypto
import Foundation
import Sound
import Telemetry
import Testing
import Threads

/// A store before a shelf, in a folder of its own.
struct ShelfBench: Sendable {
    let shelf: MemoryShelf
    let store: AssetStore
    let folder: String
    let pool: WorkerPool
    /// The contents that the ledger refers to.
    let referred: Guarded<Set<String>>

    static func with(
        grace: Duration = .milliseconds(20),
        shelf: MemoryShelf = MemoryShelf(),
        _ body: (ShelfBench) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let pool = try WorkerPool(name: "disk", threads: 1)
            let bench = try ShelfBench(grace: grace, shelf, folder, pool)
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(bench))
            } catch {
                result = .failure(error)
            }
            await bench.store.stop()
            pool.shutdown()
            try result.get()
        }
    }

    /// Another gateway with the same shelf and the same ledger.
    func neighbour(grace: Duration = .seconds(3600)) throws -> ShelfBench {
        try ShelfBench(grace: grace, shelf, folder, pool, referred: referred)
    }

    init(
        grace: Duration,
        _ shelf: MemoryShelf,
        _ folder: String,
        _ pool: WorkerPool,
        referred: Guarded<Set<String>> = Guarded([])
    ) throws {
        self.shelf = shelf
        self.folder = folder
        self.pool = pool
        self.referred = referred
        store = try AssetStore(
            spoolingIn: "\(folder)/audio",
            shelf: shelf,
            grace: grace,
            log: Log(level: .error, sink: Silence()),
            isReferred: { asset in referred.withLock { $0.contains(asset.sha256) } }
        )
    }

    /// A sound that has been checked, pinned.
    func keep(pitch: Int = 40) throws -> AssetRecord {
        let temporary = store.temporaryPath()
        try writeSound(temporary, .wav, pitch: pitch)
        return try store.keep(temporary)
    }

    /// A sound as the engine makes one: kept, settled, told to the ledger.
    func make(pitch: Int = 40) async throws -> AssetRecord {
        let asset = try keep(pitch: pitch)
        try await store.settle(asset)
        referred.withLock { _ = $0.insert(asset.sha256) }
        store.unpin(asset)
        return asset
    }

    func isOnShelf(_ asset: AssetRecord) -> Bool { shelf.contents[MemoryShelf.name(asset)] != nil }

    /// Waits until something has come about; a failure when it never does.
    func until(_ what: String, _ condition: () -> Bool) async throws {
        for _ in 0..<2000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
        try #require(condition(), "\(what)")
    }
}

struct Silence: LogSink {
    func write(_ line: LogLine) {}
}

@Suite struct ShelfTests {
    @Test func audioIsOnTheShelfBeforeTheLedgerRefersToIt() async throws {
        try await ShelfBench.with { bench in
            let asset = try bench.keep()
            #expect(!bench.isOnShelf(asset))
            try await bench.store.settle(asset)
            #expect(bench.isOnShelf(asset))
            #expect(exists(bench.store.path(of: asset)), "it is not certain yet that it stays")
        }
    }

    @Test func theSpoolIsEmptyWhenTheShelfHasItForCertain() async throws {
        try await ShelfBench.with { bench in
            let asset = try await bench.make()
            try await bench.until("the file goes") { !exists(bench.store.path(of: asset)) }
            #expect(bench.isOnShelf(asset))
        }
    }

    @Test func whatAnotherGatewayRemovedMeanwhileIsBroughtAgain() async throws {
        try await ShelfBench.with(grace: .milliseconds(100)) { bench in
            let neighbour = try bench.neighbour()
            // The neighbour asks the ledger just before our task is stored there, and removes just after.
            let old = try await bench.make()
            bench.referred.withLock { $0 = [] }
            try await bench.shelf.remove(old) {
                let isWanted = bench.referred.withLock { $0.contains(old.sha256) }
                let again = try await bench.make()
                #expect(again == old)
                return isWanted
            }
            #expect(!bench.isOnShelf(old), "otherwise this test shows nothing")
            try await bench.until("it comes again") { bench.isOnShelf(old) }
            try await bench.until("the file goes") { !exists(bench.store.path(of: old)) }
            await neighbour.store.stop()
        }
    }

    @Test func whatNobodyWantsIsNotBroughtAgain() async throws {
        try await ShelfBench.with { bench in
            let asset = try await bench.make()
            bench.referred.withLock { $0 = [] }
            bench.shelf.state.withLock { $0.contents = [:] }
            try await bench.until("the file goes") { !exists(bench.store.path(of: asset)) }
            #expect(!bench.isOnShelf(asset))
        }
    }

    @Test func aShelfThatCannotBeAskedIsAskedAgain() async throws {
        try await ShelfBench.with { bench in
            bench.shelf.fail("holds", ShelfError(.unavailable, "busy"))
            let asset = try await bench.make()
            try await bench.until("the file goes") { !exists(bench.store.path(of: asset)) }
            #expect(bench.shelf.calls.filter { $0 == "holds" }.count == 2)
        }
    }

    // MARK: Removal

    @Test func aRemovalSparesWhatIsPinnedTouchedOrReferredTo() async throws {
        try await ShelfBench.with(grace: .seconds(3600)) { bench in
            let asset = try bench.keep()
            try await bench.store.settle(asset)
            try await bench.store.remove(asset, unlessTouchedSince: bench.store.mark(), on: bench.pool)
            #expect(bench.isOnShelf(asset), "it is pinned")
            let before = bench.store.mark()
            bench.store.unpin(asset)
            try await bench.store.remove(asset, unlessTouchedSince: before, on: bench.pool)
            #expect(bench.isOnShelf(asset), "it was touched")
            bench.referred.withLock { $0 = [asset.sha256] }
            try await bench.store.remove(asset, unlessTouchedSince: bench.store.mark(), on: bench.pool)
            #expect(bench.isOnShelf(asset), "another gateway's task has it")
            bench.referred.withLock { $0 = [] }
            try await bench.store.remove(asset, unlessTouchedSince: bench.store.mark(), on: bench.pool)
            #expect(!bench.isOnShelf(asset))
            #expect(!exists(bench.store.path(of: asset)))
        }
    }

    @Test func nothingIsRemovedWhileTheLedgerCannotBeAsked() async throws {
        struct Down: Error {}
        try await withFolder { folder in
            let (shelf, pool) = (MemoryShelf(), try WorkerPool(name: "disk", threads: 1))
            let store = try AssetStore(
                spoolingIn: folder,
                shelf: shelf,
                grace: .seconds(3600),
                log: Log(level: .error, sink: Silence()),
                isReferred: { _ in throw Down() }
            )
            let temporary = store.temporaryPath()
            try writeSound(temporary, .wav)
            let asset = try store.keep(temporary)
            try await store.settle(asset)
            store.unpin(asset)
            await #expect(throws: AssetError.self) {
                try await store.remove(asset, unlessTouchedSince: store.mark(), on: pool)
                return
            }
            #expect(shelf.contents.count == 1)
            await store.stop()
            pool.shutdown()
        }
    }

    @Test func aShelfThatLooksAfterItselfIsLeftAlone() async throws {
        try await ShelfBench.with { bench in
            bench.shelf.state.withLock { $0.isCleared = false }
            let asset = try await bench.make()
            bench.referred.withLock { $0 = [] }
            try await bench.store.remove(asset, unlessTouchedSince: bench.store.mark(), on: bench.pool)
            #expect(bench.isOnShelf(asset))
            let byte = try #require(Hex.decode(String(asset.sha256.prefix(2)))?.first)
            #expect(try await bench.store.kept(under: byte, after: nil, on: bench.pool).files.isEmpty)
            #expect(!bench.shelf.calls.contains("remove"))
        }
    }

    // MARK: A shelf that fails

    @Test func bringingIsTriedUntilItWorks() async throws {
        try await ShelfBench.with { bench in
            bench.shelf.fail("put", ShelfError(.unavailable, "busy"), ShelfError(.refused, "denied"))
            let asset = try await bench.make()
            #expect(bench.isOnShelf(asset))
            #expect(bench.shelf.calls.filter { $0 == "put" }.count == 3)
        }
    }

    @Test func whoeverGivesUpLeavesNothingBehind() async throws {
        try await ShelfBench.with { bench in
            bench.shelf.state.withLock {
                $0.failures["put"] = Array(repeating: ShelfError(.unavailable, "busy"), count: 1000)
            }
            let asset = try bench.keep()
            let task = Task { try await bench.store.settle(asset) }
            try await bench.until("it is tried") { bench.shelf.calls.contains("put") }
            task.cancel()
            await #expect(throws: AssetError.self) {
                try await task.value
                return
            }
            #expect(!exists(bench.store.path(of: asset)))
            #expect(bench.shelf.contents.isEmpty)
        }
    }

    // MARK: What is left behind

    @Test func whatADeadProcessLeftIsBroughtWhereItIsMissingAndWanted() async throws {
        let shelf = MemoryShelf()
        try await withFolder { folder in
            let pool = try WorkerPool(name: "disk", threads: 1)
            let referred = Guarded<Set<String>>([])
            var (wanted, unwanted) = (AssetRecord?.none, AssetRecord?.none)
            do {
                // Its end lets go of the lock, as that of a process does.
                let dead = try ShelfBench(grace: .seconds(3600), shelf, folder, pool, referred: referred)
                wanted = try await dead.make(pitch: 30)
                unwanted = try dead.keep(pitch: 50)
                await dead.store.stop()
            }
            shelf.state.withLock { $0.contents = [:] }
            let next = try ShelfBench(grace: .seconds(3600), shelf, folder, pool, referred: referred)
            let living = try next.keep(pitch: 60)
            let other = try ShelfBench(grace: .seconds(3600), shelf, folder, pool, referred: referred)
            await other.store.takeOver()
            #expect(shelf.contents.isEmpty, "the first to come has taken it over")
            await next.store.takeOver()
            #expect(shelf.contents.keys.sorted() == [MemoryShelf.name(try #require(wanted))])
            let leftover = try #require(unwanted).sha256
            let left = files(below: folder).contains { $0.contains(leftover) }
            #expect(!left)
            #expect(exists(next.store.path(of: living)), "a living process' spool is its own")
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/audio/spool").count == 3)
            await next.store.stop()
            await other.store.stop()
            pool.shutdown()
        }
    }

    @Test func theAudioOfAFolderIsNotTouched() async throws {
        try await withFolder { folder in
            let before = try AssetStore(directory: "\(folder)/audio")
            let temporary = before.temporaryPath()
            try writeSound(temporary, .wav)
            let asset = try before.keep(temporary)
            let store = try AssetStore(
                spoolingIn: "\(folder)/audio",
                shelf: MemoryShelf(),
                log: Log(level: .error, sink: Silence()),
                isReferred: { _ in false }
            )
            await store.takeOver()
            await store.stop()
            #expect(exists(before.path(of: asset)))
        }
    }

    // MARK: Reading

    private func onShelf(_ count: Int, _ shelf: MemoryShelf) -> (AssetRecord, [UInt8]) {
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
        let asset = AssetRecord(
            sha256: SHA256.hash(content).hex,
            format: .wav,
            bytes: Int64(count),
            duration: 1
        )
        shelf.state.withLock { $0.contents[MemoryShelf.name(asset)] = content }
        return (asset, content)
    }

    private func read(_ bench: ShelfBench, _ asset: AssetRecord, _ range: Range<Int64>) async throws
        -> [UInt8]
    {
        let all = Guarded<[UInt8]>([])
        let reading = try #require(try await bench.store.reading(of: asset, range))
        do {
            try await reading.write { piece in all.withLock { $0 += piece } }
        } catch {
            Issue.record("it ended with \(error) after \(all.withLock(\.count)) bytes")
        }
        return all.withLock(\.self)
    }

    @Test(arguments: [1, 1000, 262_144, 262_145, 900_000])
    func audioComesWholeAndInParts(_ count: Int) async throws {
        try await ShelfBench.with { bench in
            let (asset, content) = onShelf(count, bench.shelf)
            let whole = try await read(bench, asset, 0..<Int64(count))
            #expect(whole == content)
            let part = try await read(bench, asset, Int64(count / 3)..<Int64(count))
            #expect(part == Array(content[(count / 3)...]))
        }
    }

    @Test(arguments: [1000, 900_000])
    func audioThatIsNotWhatWasKeptDoesNotComeToItsEnd(_ count: Int) async throws {
        try await ShelfBench.with { bench in
            let (asset, _) = onShelf(count, bench.shelf)
            bench.shelf.state.withLock { $0.contents[MemoryShelf.name(asset)]?[10] ^= 1 }
            let reading = try #require(try await bench.store.reading(of: asset, 0..<Int64(count)))
            let taken = Guarded(0)
            await #expect(throws: ShelfError.self) {
                try await reading.write { piece in taken.withLock { $0 += piece.count } }
                return
            }
            #expect(taken.withLock(\.self) < count)
        }
    }

    @Test func audioThatIsGoneIsMissingBeforeAnythingIsAnswered() async throws {
        try await ShelfBench.with { bench in
            let asset = AssetRecord(sha256: SHA256.hash("x").hex, format: .wav, bytes: 5, duration: 1)
            await #expect(throws: ShelfError.self) {
                _ = try await bench.store.reading(of: asset, 0..<5)
                return
            }
        }
    }
}
