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
import Timing

/// Gateways' words to each other, within one process; each goes through its text.
final class MemoryBus: Sendable {
    private struct Ear {
        let holder: LeaseHolder
        let hear: @Sendable (ReplicaNews) -> Void
    }

    private let ears = Guarded<[Int: Ear]>([:])
    /// What was said, also what nobody heard.
    let said = Observed<[ReplicaSignal]>([])
    /// Whether signals are lost.
    let isDeaf = Guarded(false)

    /// One gateway's end.
    struct End: ReplicaBus {
        let bus: MemoryBus
        let number: Int

        func send(_ signal: ReplicaSignal, to holder: LeaseHolder?) {
            bus.send(signal, to: holder, from: number)
        }
        func listen(as holder: LeaseHolder, _ hear: @escaping @Sendable (ReplicaNews) -> Void) {
            bus.ears.withLock { $0[number] = Ear(holder: holder, hear: hear) }
        }
    }

    /// Nobody hears anything any more: who listens holds an engine, which holds its end.
    func close() { ears.withLock { $0 = [:] } }

    private func send(_ signal: ReplicaSignal, to holder: LeaseHolder?, from number: Int) {
        // Whoever waits for a word finds that it has been heard.
        defer { said.change { $0.append(signal) } }
        guard let copy = ReplicaSignal(text: signal.text), !isDeaf.withLock(\.self) else { return }
        let hearers = ears.withLock { ears in
            ears.filter { holder == nil ? $0.key != number : $0.value.holder == holder }.map(\.value)
        }
        for ear in hearers { ear.hear(.signal(copy)) }
    }
}

/// The limits that gateways share, in memory, by the rules that every store goes by.
final class MemoryKeyLimits: KeyLimits {
    private struct State {
        var stakes: [KeyName: [LeaseHolder: KeyDivision.Stake]] = [:]
        var starts: [KeyName: [Int64]] = [:]
        var questions = 0
        var reserved = 0
    }

    private let state = Guarded(State())
    private let time: any Timekeeper

    init(_ time: any Timekeeper) { self.time = time }

    /// How often anybody has asked.
    var questions: Int { state.withLock(\.questions) }
    /// How many starts were reserved.
    var reserved: Int { state.withLock(\.reserved) }

    func share(
        of key: KeyName,
        capacity: Int,
        using: Int,
        wanting: Int,
        holder: LeaseHolder
    ) async throws(LedgerError) -> KeyShare {
        state.withLock { state in
            state.questions += 1
            let stakes = state.stakes[key] ?? [:]
            let share = KeyDivision.share(
                of: capacity,
                before: stakes[holder]?.places ?? 0,
                using: using,
                wanting: wanting,
                others: stakes.filter { $0.key != holder }.map(\.value)
            )
            state.stakes[key, default: [:]][holder] = .init(places: share.places, wanted: wanting)
            return share
        }
    }

    func reserveStarts(with key: KeyName, count: Int, per: Duration, wanting: Int) async throws(LedgerError)
        -> [Duration]
    {
        let now = Int64(time.instant)
        return state.withLock { state in
            let starts = KeyDivision.starts(
                wanting,
                count: count,
                per: Int64(per / .nanoseconds(1)),
                hold: Int64(KeyStart.hold(per: per) / .nanoseconds(1)),
                after: state.starts[key] ?? [],
                now: now
            )
            state.reserved += starts.count
            state.starts[key] = ((state.starts[key] ?? []) + starts).suffix(count)
            return starts.map { .nanoseconds($0 - now) }
        }
    }

    func takeRequests(of client: String, pace: Pace, wanting: Int) async throws(LedgerError) -> RequestBlock {
        RequestBlock(count: wanting, remaining: 0, reset: .zero, wait: nil)
    }
}

/// Several engines over one ledger and one vendor, `a`.
struct ReplicaBench: Sendable {
    let engines: [Engine]
    let ledger: SQLiteLedger
    let bus: MemoryBus
    let time: any Timekeeper
    let limits: MemoryKeyLimits

    /// Creates a task at one of the gateways.
    func create(at number: Int, _ operation: String = "jobs") async throws -> TaskRecord {
        let route = Route(
            name: RouteName(provider: "a", operation: operation),
            model: nil,
            prompt: "rain",
            fulfilment: [:],
            estimatedCost: nil
        )
        return try await engines[number].create(
            SoundRequest(prompt: "rain"),
            routes: [route],
            client: nil,
            deadline: .seconds(900)
        )
    }

    /// The task once its gateway has taken in its vendor's answer.
    func accepted(_ task: TaskRecord, at number: Int) async throws -> TaskRecord {
        var seen = task
        while seen.attempts.first?.providerTaskID == nil, !seen.status.hasEnded {
            await engines[number].waitForNews(of: task.id, after: seen, atMost: .seconds(100_000))
            seen = try #require(try await engines[number].current(task.id))
        }
        return seen
    }
}

/// Runs a test with that many gateways over one ledger.
func withReplicas(
    _ count: Int = 2,
    _ vendor: PaperVendor,
    time: any Timekeeper,
    places: Int = 4,
    rate: (count: Int, per: Duration)? = nil,
    pace: PollPace = never,
    term: Duration = .seconds(180),
    _ body: (ReplicaBench) async throws -> Void
) async throws {
    try await withFolder { folder in
        let ledger = try await SQLiteLedger(path: "\(folder)/ledger.db")
        let bus = MemoryBus()
        let limits = MemoryKeyLimits(time)
        let vendorLoop = try EventLoop(name: "vendor")
        try vendorLoop.start()
        let server = Server(addresses: [.tcp(host: "127.0.0.1", port: 0)], loops: [vendorLoop]) { request in
            await vendor.answer(request)
        }
        let port = try await server.start()[0].port ?? 0
        let provider = Provider(
            id: "a",
            adapter: paperAdapter(pace),
            baseURL: "http://127.0.0.1:\(port)",
            credentials: [.init(name: "main", key: Secret("k"), maxConcurrent: places, rateLimit: rate)]
        )
        var loops: [EventLoop] = []
        var clients: [HTTPClient] = []
        var engines: [Engine] = []
        let pool = try WorkerPool(name: "work", threads: 2)
        for number in 0..<count {
            let loop = try EventLoop(name: "engine-\(number)")
            try loop.start()
            let client = HTTPClient(loops: [loop])
            let store = try AssetStore(directory: "\(folder)/audio-\(number)")
            var parts = Engine.Parts(
                providers: [provider],
                ledger: ledger,
                store: store,
                fetcher: AssetFetcher(client: client, store: store, pool: pool, maximumBytes: 1 << 20),
                client: client,
                pool: pool,
                time: time,
                log: Log(level: .debug, sink: LogMemory())
            )
            parts.publicURL = "https://gateway.example"
            parts.leaseTerm = term
            parts.bus = MemoryBus.End(bus: bus, number: number)
            parts.keyLimits = limits
            loops.append(loop)
            clients.append(client)
            engines.append(Engine(loop: loop, parts: parts))
        }
        let outcome: Result<Void, any Error>
        do {
            for engine in engines { _ = try await engine.recover() }
            try await body(
                ReplicaBench(engines: engines, ledger: ledger, bus: bus, time: time, limits: limits)
            )
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        for engine in engines { await engine.stop(within: .zero) }
        for client in clients { await client.shutdown() }
        await server.stop(within: .seconds(1))
        pool.shutdown()
        (time as? DreamTime)?.forget()
        for loop in loops { loop.stop() }
        vendorLoop.stop()
        bus.close()
        await ledger.close()
        try outcome.get()
    }
}
