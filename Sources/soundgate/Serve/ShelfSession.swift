import Assets
import Configuration
import EventLoop
import Glibc
import HTTPClient
import Telemetry
import Threads

/// A shelf for a command that ends: with a loop, a client and threads of its own.
enum ShelfSession {
    /// Lends the shelf of a configuration to the body, after a look whether the store answers and knows us.
    static func with<Result: Sendable>(
        _ configuration: S3Configuration,
        _ body: (S3Shelf, WorkerPool) async throws -> Result
    ) async throws -> Result {
        let loop = try EventLoop(name: "store")
        try loop.start()
        var settings = HTTPClient.Configuration()
        settings.userAgent = "soundgate/\(version)"
        let client = HTTPClient(loops: [loop], settings)
        let pool = try WorkerPool(name: "files", threads: 2)
        let log = Log(level: .error, sink: NoLog())
        let outcome: Swift.Result<Result, any Error>
        do {
            let shelf = try S3Shelf(configuration, client: client, pool: pool, log: log)
            do throws(ShelfError) {
                try await shelf.check()
            } catch {
                throw CommandFailure(.unavailable, "\(shelf.name): \(error)")
            }
            outcome = .success(try await body(shelf, pool))
        } catch {
            outcome = .failure(error)
        }
        await client.shutdown()
        pool.shutdown()
        loop.stop()
        loop.join()
        return try outcome.get()
    }
}

/// Commands say themselves what failed.
private struct NoLog: LogSink {
    func write(_ line: LogLine) {}
}
