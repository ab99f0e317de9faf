import Assets
import AudioFile
import Foundation
import Sound
import Testing

@Suite("The asset store")
struct AssetStoreTests {
    @Test("a whole sound is kept under the name of its content", arguments: AudioFormat.allCases)
    func keep(_ format: AudioFormat) async throws {
        try await withFolder { folder in
            let store = try AssetStore(directory: "\(folder)/audio")
            let temporary = store.temporaryPath()
            try writeSound(temporary, format)
            let content = try bytes(ofFile: temporary)
            let asset = try store.keep(temporary)
            #expect(asset.format == SoundFormat(format))
            #expect(asset.bytes == Int64(content.count))
            #expect(abs(asset.duration - 0.5) < 0.1)
            #expect(asset.sha256.count == 64)
            #expect(
                store.path(of: asset).hasSuffix(
                    "/\(asset.sha256.prefix(2))/\(asset.sha256).\(format.rawValue)"
                )
            )
            #expect(try bytes(ofFile: store.path(of: asset)) == content)
            #expect(!exists(temporary))
            #expect(files(below: "\(folder)/audio").count == 1)
        }
    }

    @Test("the wanted format is made of any other", arguments: AudioFormat.allCases, SoundFormat.allCases)
    func convert(_ source: AudioFormat, _ wanted: SoundFormat) async throws {
        try await withFolder { folder in
            let store = try AssetStore(directory: folder)
            let temporary = store.temporaryPath()
            try writeSound(temporary, source)
            let asset = try store.keep(temporary, as: wanted)
            #expect(asset.format == wanted)
            let reader = try AudioReader(path: store.path(of: asset))
            #expect(SoundFormat(reader.format) == wanted)
            #expect(abs(asset.duration - 0.5) < 0.2)
            #expect(files(below: folder).count == 1, "nothing is left in incoming")
        }
    }

    @Test(
        "what is not whole audio is never kept",
        arguments: [
            "", "<html><body>404 Not Found</body></html>", #"{"code":404,"msg":"expired"}"#, "RIFF", "ID3",
            "OggS",
            "fLaC", "RIFF\u{0}\u{0}\u{0}\u{0}WAVEfmt ", "%PDF-1.4",
        ]
    )
    func noAudio(_ text: String) async throws {
        try await withFolder { folder in
            let store = try AssetStore(directory: folder)
            let temporary = store.temporaryPath()
            try write(Array(text.utf8), to: temporary)
            #expect {
                try store.keep(temporary)
            } throws: { error in
                if case AssetError.unusable = error { true } else { false }
            }
            #expect(files(below: folder).isEmpty)
        }
    }

    @Test("a sound that stops half way is never kept", arguments: [AudioFormat.wav, .flac, .ogg])
    func truncated(_ format: AudioFormat) async throws {
        try await withFolder { folder in
            let store = try AssetStore(directory: folder)
            let temporary = store.temporaryPath()
            try writeSound(temporary, format, seconds: 2)
            let content = try bytes(ofFile: temporary)
            try write(Array(content.prefix(content.count / 2)), to: temporary)
            #expect(throws: AssetError.self) { try store.keep(temporary) }
            #expect(files(below: folder).isEmpty)
        }
    }

    @Test("a sound that is too long is refused")
    func tooLong() async throws {
        try await withFolder { folder in
            let store = try AssetStore(directory: folder, limits: AssetStore.Limits(duration: 0.4))
            let temporary = store.temporaryPath()
            try writeSound(temporary, .wav)
            #expect(throws: AssetError.self) { try store.keep(temporary) }
            #expect(files(below: folder).isEmpty)
        }
    }

    @Test("the same content is one file")
    func shared() async throws {
        try await withFolder { folder in
            let store = try AssetStore(directory: folder)
            let assets = try (0..<3).map { _ in
                let temporary = store.temporaryPath()
                try writeSound(temporary, .wav)
                return try store.keep(temporary)
            }
            #expect(Set(assets.map(\.sha256)).count == 1)
            #expect(files(below: folder).count == 1)
        }
    }

    @Test("a removal spares what has been taken up since, or is about to be")
    func removal() async throws {
        try await withFolder { folder in
            let store = try AssetStore(directory: folder)
            func keep() throws -> AssetRecord {
                let temporary = store.temporaryPath()
                try writeSound(temporary, .wav)
                return try store.keep(temporary)
            }
            let asset = try keep()
            let path = store.path(of: asset)
            try store.remove(asset, unlessTouchedSince: store.mark())
            #expect(exists(path), "it is pinned")
            let before = store.mark()
            store.unpin(asset)
            try store.remove(asset, unlessTouchedSince: before)
            #expect(exists(path), "the ledger has just taken it up")
            let mark = store.mark()
            _ = try keep()
            store.unpin(asset)
            try store.remove(asset, unlessTouchedSince: mark)
            #expect(exists(path), "another task has taken it up after the mark")
            try store.remove(asset, unlessTouchedSince: store.mark())
            #expect(!exists(path))
            try store.remove(asset, unlessTouchedSince: store.mark())
        }
    }

    @Test("two pins need two releases")
    func pins() async throws {
        try await withFolder { folder in
            let store = try AssetStore(directory: folder)
            var asset: AssetRecord?
            for _ in 0..<2 {
                let temporary = store.temporaryPath()
                try writeSound(temporary, .wav)
                asset = try store.keep(temporary)
            }
            let kept = try #require(asset)
            store.unpin(kept)
            try store.remove(kept, unlessTouchedSince: store.mark())
            #expect(exists(store.path(of: kept)))
            store.unpin(kept)
            try store.remove(kept, unlessTouchedSince: store.mark())
            #expect(!exists(store.path(of: kept)))
        }
    }

    @Test("what an earlier process left half-written is cleared, what it kept stays")
    func leftovers() async throws {
        try await withFolder { folder in
            let first = try AssetStore(directory: folder)
            let temporary = first.temporaryPath()
            try writeSound(temporary, .wav)
            let asset = try first.keep(temporary)
            for _ in 0..<3 { try write([1, 2, 3], to: first.temporaryPath()) }
            let second = try AssetStore(directory: folder)
            #expect(files(below: folder).count == 1)
            #expect(exists(second.path(of: asset)))
        }
    }

    @Test("a folder that cannot be made is named")
    func noFolder() async throws {
        try await withFolder { folder in
            try write([], to: "\(folder)/file")
            #expect(throws: (any Error).self) { try AssetStore(directory: "\(folder)/file/audio") }
        }
    }

    @Test("a file that is gone is our disk's fault, not the vendor's")
    func missing() async throws {
        try await withFolder { folder in
            let store = try AssetStore(directory: folder)
            #expect {
                try store.keep(store.temporaryPath())
            } throws: { error in
                if case AssetError.unusable = error { false } else { error is AssetError }
            }
        }
    }

    @Test("what our disk did not take can be kept when the disk is back")
    func diskIsBack() async throws {
        try await withFolder { folder in
            let store = try AssetStore(directory: folder)
            let temporary = store.temporaryPath()
            try writeSound(temporary, .wav)
            let content = try bytes(ofFile: temporary)
            let kept = try store.keep(temporary)
            let home = "\(folder)/\(kept.sha256.prefix(2))"
            try remove(home)
            try write(content, to: temporary)
            #expect {
                try store.keep(temporary)
            } throws: { error in
                (error as? AssetError)?.isStorage == true
            }
            #expect(exists(temporary))
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
            #expect(try store.keep(temporary) == kept)
            #expect(!exists(temporary))
            #expect(files(below: folder).count == 1)
        }
    }

    @Test("temporary paths do not repeat")
    func temporaryPaths() async throws {
        try await withFolder { folder in
            let store = try AssetStore(directory: folder)
            #expect(Set((0..<1000).map { _ in store.temporaryPath() }).count == 1000)
        }
    }
}
