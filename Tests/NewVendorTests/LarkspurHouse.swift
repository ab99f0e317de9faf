import Assets
import Crypto
import EventLoop
import Foundation
import HTTP
import HTTPClient
import HTTPServer
import Providers
import Routing
import Sound
import Tasks
import Telemetry
import Testing
import Threads
import Timing

/// The gateway's planner and engine with the whole catalog and Larkspur in it, before the vendor's double.
struct LarkspurHouse: Sendable {
    let engine: Engine
    let planner: Planner

    /// Plans and creates a task, and waits for its end.
    func make(_ request: SoundRequest, deadline: Duration = .seconds(60)) async throws -> TaskRecord {
        let plan = planner.plan(request)
        let task = try await engine.create(
            request,
            routes: plan.eligible.map(\.route),
            client: nil,
            deadline: deadline
        )
        await engine.waitForEnd(of: task.id, atMost: .seconds(60))
        return try #require(engine.board.record(task.id))
    }

    /// Lends a house before a double.
    static func with(_ double: LarkspurDouble, _ body: (LarkspurHouse) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "larkspur-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { removeFolder(folder) }
        let loop = try EventLoop(name: "larkspur")
        try loop.start()
        let pool = try WorkerPool(name: "work", threads: 1)
        let client = HTTPClient(loops: [loop])
        let address = Guarded("")
        let server = Server(addresses: [.tcp(host: "127.0.0.1", port: 0)], loops: [loop]) { request in
            do {
                return try await double.answer(request, at: address.withLock { $0 })
            } catch {
                return Response(.internalServerError)
            }
        }
        let port = try #require(try await server.start().first?.port)
        address.withLock { $0 = "http://127.0.0.1:\(port)" }

        // The catalog as it is with one line more.
        let providers = (catalog + [Larkspur.provider]).compactMap { adapter -> Provider? in
            let isLarkspur = adapter.id == Larkspur.provider.id
            guard isLarkspur || !adapter.needsCredential else { return nil }
            return Provider(
                id: adapter.id,
                adapter: adapter,
                baseURL: isLarkspur ? address.withLock { $0 } : "",
                credentials: isLarkspur
                    ? [.init(name: "main", key: Secret("lark-key"), maxConcurrent: 4)] : [],
                pace: PollPace(first: .milliseconds(10), ceiling: .milliseconds(20))
            )
        }
        let ledger = try await SQLiteLedger(path: folder.appendingPathComponent("ledger.db").path)
        let store = try AssetStore(directory: folder.appendingPathComponent("audio").path)
        let engine = Engine(
            loop: loop,
            parts: Engine.Parts(
                providers: providers,
                ledger: ledger,
                store: store,
                fetcher: AssetFetcher(client: client, store: store, pool: pool, maximumBytes: 1 << 20),
                client: client,
                pool: pool,
                time: SystemTime(),
                log: Log(level: .error, sink: LogMemory())
            )
        )
        let outcome: Result<Void, any Error>
        do {
            let planner = Planner(providers: providers, preference: ["larkspur"])
            outcome = .success(try await body(LarkspurHouse(engine: engine, planner: planner)))
        } catch {
            outcome = .failure(error)
        }
        await engine.stop(within: .zero)
        await client.shutdown()
        await server.stop(within: .zero)
        await ledger.close()
        pool.shutdown()
        loop.stop()
        loop.join()
        try outcome.get()
    }

    private static func removeFolder(_ folder: URL) {
        do { try FileManager.default.removeItem(at: folder) } catch { Issue.record(error) }
    }
}
