import Assets
import AudioFile
import Sound
import Testing
import Threads

@Suite struct AssetCopyTests {
    private func with(
        _ count: Int = 5,
        _ body: (AssetFolder, [AssetRecord], WorkerPool) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let pool = try WorkerPool(name: "disk", threads: 2)
            defer { pool.shutdown() }
            let store = try AssetStore(directory: folder)
            let assets = try (0..<count).map { number in
                let temporary = store.temporaryPath()
                try writeSound(temporary, .wav, pitch: 30 + number)
                return try store.keep(temporary)
            }
            try await body(store.folder, assets, pool)
        }
    }

    @Test func everythingIsCopiedAndHeldAgainstTheShelf() async throws {
        try await with { folder, assets, pool in
            let shelf = MemoryShelf()
            let told = Guarded(0)
            let copy = AssetCopy(from: folder, to: shelf, pool: pool, isDeep: true)
            let tally = try await copy.run { _ in told.withLock { $0 += 1 } }
            #expect((tally.found, tally.copied, tally.there, tally.verified) == (5, 5, 0, 5))
            #expect(tally.copiedBytes == assets.reduce(0) { $0 + $1.bytes })
            #expect(tally.isWhole)
            #expect(Set(shelf.contents.keys) == Set(assets.map(MemoryShelf.name)))
            #expect(told.withLock(\.self) == 256)
        }
    }

    @Test func aSecondRunBringsWhatIsMissingOrOtherwiseLong() async throws {
        try await with { folder, assets, pool in
            let shelf = MemoryShelf()
            let copy = AssetCopy(from: folder, to: shelf, pool: pool)
            _ = try await copy.run()
            shelf.state.withLock { state in
                state.contents[MemoryShelf.name(assets[0])] = nil
                state.contents[MemoryShelf.name(assets[1])]?.append(0)
                state.pageSize = 1
            }
            let tally = try await copy.run()
            #expect((tally.found, tally.copied, tally.there, tally.verified) == (5, 2, 3, 5))
            #expect(tally.isWhole)
        }
    }

    @Test func aFileThatFailsIsNamedAndTheOthersGoOn() async throws {
        try await with { folder, assets, pool in
            let shelf = MemoryShelf()
            shelf.fail("put", ShelfError(.refused, "denied"))
            let tally = try await AssetCopy(from: folder, to: shelf, pool: pool).run()
            #expect((tally.found, tally.copied, tally.verified) == (5, 4, 4))
            #expect(tally.problems.map(\.reason) == ["denied"])
            #expect(!tally.isWhole)
        }
    }

    @Test func aFileThatIsNotWhatItsNameSaysIsNamed() async throws {
        try await with { folder, assets, pool in
            let shelf = MemoryShelf()
            let victim = try #require(try folder.files().first)
            try write(Array(bytes(ofFile: victim.path).reversed()), to: victim.path)
            let tally = try await AssetCopy(from: folder, to: shelf, pool: pool).run()
            #expect(tally.problems.map(\.path) == [victim.path])
            #expect(tally.verified == 4)
        }
    }

    @Test func aDeepRunFindsWhatTheShelfHasOtherwise() async throws {
        try await with { folder, assets, pool in
            let shelf = MemoryShelf()
            _ = try await AssetCopy(from: folder, to: shelf, pool: pool).run()
            shelf.state.withLock { $0.contents[MemoryShelf.name(assets[2])]?[60] ^= 1 }
            #expect(try await AssetCopy(from: folder, to: shelf, pool: pool).run().isWhole)
            let tally = try await AssetCopy(from: folder, to: shelf, pool: pool, isDeep: true).run()
            #expect(tally.verified == 4)
            #expect(tally.problems.count == 1)
        }
    }

    @Test func aShelfThatCannotBeListedEndsIt() async throws {
        try await with { folder, _, pool in
            let shelf = MemoryShelf()
            shelf.fail("page", ShelfError(.unavailable, "down"))
            await #expect(throws: ShelfError.self) {
                _ = try await AssetCopy(from: folder, to: shelf, pool: pool).run()
                return
            }
        }
    }
}
