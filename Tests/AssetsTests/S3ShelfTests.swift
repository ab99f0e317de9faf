import Assets
import AudioFile
import EventLoop
import HTTP
import HTTPClient
import S3
import S3TestSupport
import Sound
import Telemetry
import Testing
import Threads

@Suite struct S3ShelfTests {
    private func with(
        _ manner: S3Shelf.Manner = S3Shelf.Manner(),
        _ body: (S3Shelf, StoreDouble, _ sound: (String, AssetRecord)) async throws -> Void
    ) async throws {
        try await StoreDouble.with { store in
            try await withFolder { folder in
                let loop = try EventLoop(name: "client")
                try loop.start()
                let pool = try WorkerPool(name: "disk", threads: 1)
                let http = HTTPClient(loops: [loop])
                let place = S3Place(
                    endpoint: try #require(HTTPURL(store.origin)),
                    region: StoreDouble.region,
                    bucket: StoreDouble.bucket,
                    style: .path
                )
                let client = S3Client(
                    S3Client.Settings(place: place, credentials: StoreDouble.credentials),
                    transport: http,
                    time: S3Time(now: { Timestamp.now().milliseconds / 1000 }, sleep: { _ in }),
                    log: Log(level: .error, sink: Silence())
                )
                let shelf = S3Shelf(client: client, prefix: "au/", pool: pool, manner: manner)
                let kept = try AssetStore(directory: folder)
                let temporary = kept.temporaryPath()
                try writeSound(temporary, .wav)
                let asset = try kept.keep(temporary)
                let result: Result<Void, any Error>
                do {
                    result = .success(try await body(shelf, store, (kept.path(of: asset), asset)))
                } catch {
                    result = .failure(error)
                }
                await http.shutdown()
                pool.shutdown()
                loop.stop()
                loop.join()
                try result.get()
            }
        }
    }

    @Test func aSoundStandsUnderItsContentsNameAndIsListed() async throws {
        try await with { shelf, store, sound in
            let (path, asset) = sound
            #expect(try await !shelf.holds(asset))
            try await shelf.put(asset, from: path)
            let key = "au/\(asset.sha256.prefix(2))/\(asset.sha256).wav"
            #expect(try store.objects[key]?.bytes == bytes(ofFile: path))
            #expect(store.objects[key]?.type == "audio/wav")
            #expect(try await shelf.holds(asset))
            store.put("au/\(asset.sha256.prefix(2))/readme.txt", [1])
            store.put("au/\(asset.sha256.prefix(2))/x/\(asset.sha256).wav", [1])
            let byte = try #require(UInt8(asset.sha256.prefix(2), radix: 16))
            let page = try await shelf.page(under: byte, after: nil)
            #expect(page.files.map(\.sha256) == [asset.sha256], "what is not ours is left out")
            #expect(page.files.first?.bytes == asset.bytes)
            let now = try #require(page.now)
            #expect(abs(now.milliseconds - Timestamp.now().milliseconds) < 10_000)
        }
    }

    @Test func anObjectOfAnotherLengthOrHashIsNotHeld() async throws {
        try await with { shelf, store, sound in
            let (path, asset) = sound
            let key = shelf.key(of: asset)
            store.put(key, [1, 2, 3])
            #expect(try await !shelf.holds(asset))
            store.put(key, try bytes(ofFile: path), sha256: String(repeating: "0", count: 64))
            #expect(try await !shelf.holds(asset))
            // Put there by some other program, which says nothing of its hash.
            store.put(key, try bytes(ofFile: path))
            #expect(try await shelf.holds(asset))
        }
    }

    @Test func theLedgerIsAskedAfterTheStoresClock() async throws {
        try await with { shelf, store, sound in
            let (path, asset) = sound
            try await shelf.put(asset, from: path)
            try await shelf.remove(asset) {
                #expect(store.heard.last?.method == "HEAD")
                return true
            }
            #expect(store.objects.count == 1)
            struct Down: Error {}
            await #expect(throws: ShelfError.self) {
                try await shelf.remove(asset) { throw Down() }
                return
            }
            #expect(store.objects.count == 1)
            try await shelf.remove(asset) { false }
            #expect(store.objects.isEmpty)
            let target = try #require(store.heard.last?.target)
            #expect(target.contains("X-Amz-Expires=15&"), "the store itself refuses it when it comes late")
            try await shelf.remove(asset) { false }
        }
    }

    @Test func addressesAreGivenOnlyWhereTheyAreWanted() async throws {
        try await with(S3Shelf.Manner(delivery: .redirected(for: .seconds(60)))) { shelf, store, sound in
            let (path, asset) = sound
            try await shelf.put(asset, from: path)
            let address = try #require(shelf.address(of: asset, for: .get, named: "rain-0.wav"))
            #expect(address.hasPrefix("\(store.origin)/\(StoreDouble.bucket)/au/"))
            #expect(address.contains("X-Amz-Expires=60&"))
            var manner = S3Shelf.Manner(delivery: .redirected(for: .seconds(60)))
            manner.publicPlace = S3Place(
                endpoint: try #require(HTTPURL("https://cdn.example")),
                region: StoreDouble.region,
                bucket: StoreDouble.bucket,
                style: .virtualHost
            )
            shelf.adopt(StoreDouble.credentials, manner)
            let shown = try #require(shelf.address(of: asset, for: .get, named: "rain-0.wav"))
            #expect(shown.hasPrefix("https://\(StoreDouble.bucket).cdn.example/au/"))
            shelf.adopt(StoreDouble.credentials, S3Shelf.Manner())
            #expect(shelf.address(of: asset, for: .get, named: "rain-0.wav") == nil)
        }
    }

    @Test func aDamagedObjectIsNotWhole() async throws {
        try await with { shelf, store, sound in
            let (path, asset) = sound
            try await shelf.put(asset, from: path)
            let byte = try #require(UInt8(asset.sha256.prefix(2), radix: 16))
            let file = try #require(try await shelf.page(under: byte, after: nil).files.first)
            #expect(try await shelf.isWhole(file))
            store.play(.flipped, on: "GET")
            #expect(try await !shelf.isWhole(file))
        }
    }
}
