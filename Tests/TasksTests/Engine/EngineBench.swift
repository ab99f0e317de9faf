import Assets
import Crypto
import EventLoop
import Foundation
import HTTPClient
import HTTPServer
import Providers
import Sound
import Tasks
import Telemetry
import Threads

func bytes(ofFile path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// An engine with everything around it: a loop, a client, a store in a folder, vendors on the loopback.
struct EngineBench: Sendable {
    let engine: Engine
    let loop: EventLoop
    let store: AssetStore
    let time: DreamTime
    let log: LogMemory
    let providers: [Provider]

    /// Creates a task at the named providers in that order and returns it as admitted.
    func create(
        at names: [String] = ["suno"],
        deadline: Duration = .seconds(900),
        _ change: (inout SoundRequest) -> Void = { _ in }
    ) async throws -> TaskRecord {
        var request = SoundRequest(prompt: "rain")
        change(&request)
        let routes = names.map { name in
            Route(
                name: RouteName(provider: name, operation: name == "builtin" ? "procedural" : "sounds"),
                model: nil,
                prompt: "rain",
                fulfilment: [:],
                estimatedCost: nil
            )
        }
        return try await engine.create(request, routes: routes, client: nil, deadline: deadline)
    }

    /// A task for `suno` as another process has left it, of which nothing is begun.
    func unfinished(_ id: String) -> TaskRecord {
        let name = RouteName(provider: "suno", operation: "sounds")
        return TaskRecord(
            id: TaskID(rawValue: id),
            client: nil,
            request: SoundRequest(prompt: "rain"),
            createdAt: time.moment,
            deadline: time.moment.advanced(by: .seconds(900)),
            routes: [Route(name: name, model: nil, prompt: "rain", fulfilment: [:], estimatedCost: nil)]
        )
    }

    /// The task when it has ended.
    func end(of task: TaskRecord) async -> TaskRecord? {
        await engine.waitForEnd(of: task.id, atMost: .seconds(100_000))
        return engine.board.record(task.id)
    }
}

/// Runs a test with an engine over vendors by name; `places` is the number of jobs at once at each.
func withEngine(
    _ vendors: [(name: String, vendor: Vendor)],
    ledger: any Ledger = MemoryLedger(),
    places: Int = 4,
    folder: String,
    time: DreamTime = DreamTime(),
    lease: Duration = .seconds(1_000_000),
    room: DiskRoom? = nil,
    bus: (any ReplicaBus)? = nil,
    _ body: (EngineBench) async throws -> Void
) async throws {
    let loop = try EventLoop(name: "engine")
    let vendorLoop = try EventLoop(name: "vendor")
    try loop.start()
    try vendorLoop.start()
    let pool = try WorkerPool(name: "work", threads: 2)
    let client = HTTPClient(loops: [loop])
    let store = try AssetStore(directory: "\(folder)/audio")
    let log = LogMemory()
    var providers: [Provider] = []
    var servers: [Server] = []
    for (name, vendor) in vendors {
        let port = Guarded<UInt16>(0)
        let server = Server(addresses: [.tcp(host: "127.0.0.1", port: 0)], loops: [vendorLoop]) { request in
            await vendor.answer(request, base: "http://127.0.0.1:\(port.withLock { $0 })")
        }
        let bound = try await server.start()[0].port ?? 0
        port.withLock { $0 = bound }
        servers.append(server)
        guard let adapter = catalog.first(where: { $0.id == "sunoapi" }) else { continue }
        providers.append(
            Provider(
                id: name,
                adapter: adapter,
                baseURL: "http://127.0.0.1:\(bound)",
                credentials: [.init(name: "main", key: Secret("key-1"), maxConcurrent: places)]
            )
        )
    }
    if let builtin = catalog.first(where: { $0.id == "builtin" }) {
        providers.append(Provider(id: "builtin", adapter: builtin, baseURL: "", credentials: []))
    }
    var parts = Engine.Parts(
        providers: providers,
        ledger: ledger,
        store: store,
        fetcher: AssetFetcher(client: client, store: store, pool: pool, maximumBytes: 1 << 20),
        client: client,
        pool: pool,
        time: time,
        log: Log(level: .debug, sink: log)
    )
    // By a clock that jumps over waits it would be renewed for ever.
    parts.leaseTerm = lease
    parts.room = room
    parts.bus = bus
    let engine = Engine(loop: loop, parts: parts)
    let bench = EngineBench(
        engine: engine,
        loop: loop,
        store: store,
        time: time,
        log: log,
        providers: providers
    )
    let outcome: Result<Void, any Error>
    do {
        try await body(bench)
        outcome = .success(())
    } catch {
        outcome = .failure(error)
    }
    await engine.stop(within: .zero)
    for (_, vendor) in vendors { vendor.open() }
    await client.shutdown()
    for server in servers { await server.stop(within: .seconds(1)) }
    pool.shutdown()
    time.forget()
    loop.stop()
    vendorLoop.stop()
    try outcome.get()
}
