import Assets
import AudioFile
import Crypto
import Sound
import Support
import Telemetry
import Testing
import Threads

/// Several gateways with one ledger and one shelf, which make and remove the same few sounds at the same time.
@Suite struct SharedShelfTests {
    /// How many tasks have each content; a removal goes by what it was told when it asked.
    private final class Ledger: Sendable {
        private let counts = Guarded<[String: Int]>([:])

        func refer(to asset: AssetRecord) { counts.withLock { $0[asset.sha256, default: 0] += 1 } }

        /// Takes one task away.
        ///
        /// - Returns: whether it was the last one that had the content; `nil` when there is none.
        func forget(_ asset: AssetRecord) -> Bool? {
            counts.withLock { counts in
                guard let count = counts[asset.sha256], count > 0 else { return nil }
                counts[asset.sha256] = count - 1
                return count == 1
            }
        }

        func refers(to asset: AssetRecord) -> Bool { counts.withLock { $0[asset.sha256] ?? 0 } > 0 }
    }

    private static func open(_ folder: String, _ shelf: MemoryShelf, _ ledger: Ledger) throws -> AssetStore {
        try AssetStore(
            spoolingIn: folder,
            shelf: shelf,
            grace: .milliseconds(300),
            log: Log(level: .error, sink: Silence()),
            isReferred: { ledger.refers(to: $0) }
        )
    }

    private static func make(pitch: Int, _ store: AssetStore, _ ledger: Ledger) async throws -> AssetRecord {
        let temporary = store.temporaryPath()
        try writeSound(temporary, .wav, seconds: 0.02, pitch: pitch)
        let asset = try store.keep(temporary)
        try await store.settle(asset)
        ledger.refer(to: asset)
        store.unpin(asset)
        return asset
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func whatATaskHasIsOnTheShelfInTheEnd(_ seed: UInt64) async throws {
        try await withFolder { folder in
            let (ledger, harm) = (Ledger(), Guarded(0))
            let shelf = MemoryShelf { asset in
                if ledger.refers(to: asset) { harm.withLock { $0 += 1 } }
            }
            // Between the question and the removal, far below the grace.
            shelf.state.withLock { $0.delay = .milliseconds(40) }
            let pool = try WorkerPool(name: "disk", threads: 2)
            let stores = try (0..<3).map { _ in try Self.open(folder, shelf, ledger) }
            let made = Guarded<[String: AssetRecord]>([:])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, store) in stores.enumerated() {
                    group.addTask {
                        var chance = SeededGenerator(seed: seed &* 10 &+ UInt64(number))
                        for _ in 0..<40 {
                            let pitch = Int.random(in: 30..<33, using: &chance)
                            let mark = store.mark()
                            let known = made.withLock { $0["\(pitch)"] }
                            if let known, Bool.random(using: &chance), let isLast = ledger.forget(known) {
                                if isLast {
                                    try await store.remove(known, unlessTouchedSince: mark, on: pool)
                                }
                            } else {
                                let asset = try await Self.make(pitch: pitch, store, ledger)
                                made.withLock { $0["\(pitch)"] = asset }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let assets = made.withLock { Array($0.values) }
            let paths = stores.flatMap { store in assets.map { store.path(of: $0) } }
            for _ in 0..<2000 where paths.contains(where: exists) {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(!paths.contains(where: exists), "the spools are not empty")
            #expect(assets.count == 3)
            for asset in assets where ledger.refers(to: asset) {
                #expect(shelf.contents[MemoryShelf.name(asset)] != nil, "\(asset.sha256) is lost")
            }
            // Otherwise nobody has ever been in another's way, and this shows nothing.
            #expect(harm.withLock(\.self) > 0, "nothing was ever removed from under a task")
            for store in stores { await store.stop() }
            pool.shutdown()
        }
    }
}
