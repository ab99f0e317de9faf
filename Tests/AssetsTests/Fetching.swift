import Assets
import AudioFile
import EventLoop
import HTTPClient
import HTTPServer
import Threads

/// Lends a fetcher, its folder and a server's base URL; the server answers as it is told.
func withServer(
    _ answer: @escaping @Sendable (Request) async -> Response,
    _ body: (AssetFetcher, _ base: String, _ folder: String) async throws -> Void
) async throws {
    try await withFolder { folder in
        let loop = try EventLoop(name: "fetch")
        try loop.start()
        let pool = try WorkerPool(name: "disk", threads: 1)
        let client = HTTPClient(loops: [loop])
        let server = Server(addresses: [.tcp(host: "127.0.0.1", port: 0)], loops: [loop], handler: answer)
        let port = try await server.start()[0].port ?? 0
        let store = try AssetStore(directory: "\(folder)/audio")
        let fetcher = AssetFetcher(client: client, store: store, pool: pool, maximumBytes: 100_000)
        let outcome: Result<Void, any Error>
        do {
            try await body(fetcher, "http://127.0.0.1:\(port)", "\(folder)/audio")
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await client.shutdown()
        await server.stop(within: .seconds(1))
        pool.shutdown()
        loop.stop()
        try outcome.get()
    }
}

/// The bytes of a short, whole sound.
func sound(_ format: AudioFormat = .wav) async throws -> [UInt8] {
    try await withFolder { folder in
        try writeSound("\(folder)/s", format)
        return try bytes(ofFile: "\(folder)/s")
    }
}
