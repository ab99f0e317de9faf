import Assets
import Crypto
import EventLoop
import HTTPClient
import HTTPServer
import Providers
import Sound
import Support
import Tasks
import Telemetry
import Testing
import Threads

/// An engine over vendors on paper; the first is called `a`, the next `b`.
struct PaperBench: Sendable {
    let engine: Engine
    let loop: EventLoop
    let client: HTTPClient
    let ledger: MemoryLedger
    let time: DreamTime
    let providers: [Provider]
    let folder: String
    let log: LogMemory
    /// What the engine measures.
    let registry: MetricRegistry

    /// Where a vendor's files are.
    func url(_ file: String, at provider: Int = 0) -> String { "\(providers[provider].baseURL)/file/\(file)" }

    /// Creates a task along routes such as `a/jobs` and `b/audio`.
    func create(
        _ routes: String...,
        takesPerCall: Int? = nil,
        client: String? = nil,
        _ change: (inout SoundRequest) -> Void = { _ in }
    ) async throws -> TaskRecord {
        var request = SoundRequest(prompt: "rain")
        change(&request)
        let routes = routes.map { name in
            let parts = name.split(separator: "/").map(String.init)
            return Route(
                name: RouteName(provider: parts[0], operation: parts[1]),
                model: nil,
                prompt: "rain",
                fulfilment: [:],
                estimatedCost: nil,
                takesPerCall: takesPerCall
            )
        }
        return try await engine.create(request, routes: routes, client: client, deadline: .seconds(900))
    }

    func end(of task: TaskRecord) async throws -> TaskRecord {
        await engine.waitForEnd(of: task.id, atMost: .seconds(100_000))
        return try #require(engine.board.record(task.id))
    }

    /// The task when it is stored as wanted.
    func until(_ task: TaskRecord, _ wants: @escaping @Sendable (TaskRecord) -> Bool) async throws
        -> TaskRecord
    {
        await ledger.until(task.id, wants)
        return try #require(try await ledger.task(task.id))
    }

    /// The task when its vendor has taken it.
    func accepted(_ task: TaskRecord) async throws -> TaskRecord {
        try await until(task) { $0.attempts.contains { $0.providerTaskID != nil } }
    }

    func counts() async -> CallbackCounts { await engine.load()["a"]?.callbacks ?? CallbackCounts() }
}

/// Runs a test with an engine over these vendors.
func withPaper(
    _ vendors: [PaperVendor],
    time: DreamTime,
    pace: PollPace = never,
    places: Int = 4,
    keys: Int = 1,
    ledger: MemoryLedger = MemoryLedger(),
    enabled: Bool = true,
    _ body: (PaperBench) async throws -> Void
) async throws {
    try await withFolder { folder in
        let loop = try EventLoop(name: "engine")
        let vendorLoop = try EventLoop(name: "vendor")
        try loop.start()
        try vendorLoop.start()
        let pool = try WorkerPool(name: "work", threads: 2)
        let client = HTTPClient(loops: [loop])
        let store = try AssetStore(directory: "\(folder)/audio")
        let log = LogMemory()
        var servers: [Server] = []
        var providers: [Provider] = []
        for (vendor, name) in zip(vendors, ["a", "b", "c"]) {
            let server = Server(addresses: [.tcp(host: "127.0.0.1", port: 0)], loops: [vendorLoop]) {
                request in
                await vendor.answer(request)
            }
            let port = try await server.start()[0].port ?? 0
            servers.append(server)
            var provider = Provider(
                id: name,
                adapter: paperAdapter(pace),
                baseURL: "http://127.0.0.1:\(port)",
                credentials: (1...keys).map {
                    .init(name: "key-\($0)", key: Secret("k"), maxConcurrent: places)
                }
            )
            provider.isEnabled = enabled
            providers.append(provider)
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
        parts.publicURL = "https://gateway.example"
        // By a clock that jumps over waits it would be renewed for ever.
        parts.leaseTerm = .seconds(1_000_000)
        parts.announce = { record, milestone, _ in Array("\(milestone.type) \(record.status)".utf8) }
        parts.messagesStored = { ledger.nudges.change { $0 += 1 } }
        let registry = MetricRegistry()
        parts.metrics = EngineMetrics(registry)
        let engine = Engine(loop: loop, parts: parts)
        engine.report(to: registry)
        let outcome: Result<Void, any Error>
        do {
            try await body(
                PaperBench(
                    engine: engine,
                    loop: loop,
                    client: client,
                    ledger: ledger,
                    time: time,
                    providers: providers,
                    folder: folder,
                    log: log,
                    registry: registry
                )
            )
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await engine.stop(within: .zero)
        await client.shutdown()
        for server in servers { await server.stop(within: .seconds(1)) }
        pool.shutdown()
        time.forget()
        loop.stop()
        vendorLoop.stop()
        try outcome.get()
    }
}

/// A short, whole sound.
func paperAudio() async throws -> [UInt8] { try await withFolder { try audioBytes(in: $0) } }
