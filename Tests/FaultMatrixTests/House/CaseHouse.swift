import Assets
import Crypto
import Emulators
import EventLoop
import Foundation
import HTTP
import HTTPClient
import HTTPServer
import JSON
import Providers
import Routing
import Sound
import Support
import Tasks
import Telemetry
import Testing
import Threads

/// An engine, and the doubles of all vendors behind real sockets.
struct CaseHouse {
    let engine: Engine
    let host: EmulatorHost
    let time: CaseTime
    let ledger: OneTaskLedger
    let providers: [Provider]
    let client: HTTPClient
    let loop: EventLoop
    let messages: Observed<[String]>

    /// Creates a task of the request along the routes that the planner finds, which must be these.
    func create(_ request: SoundRequest, along routes: [RouteName]) async throws -> TaskRecord {
        var request = request
        request.providers = routes.map(\.provider)
        let plan = Planner(providers: providers, preference: [], publicURL: nil).plan(request)
        try #require(plan.eligible.map(\.route.name) == routes, "the planner goes another way")
        return try await engine.create(
            request,
            routes: plan.eligible.map(\.route),
            client: nil,
            deadline: Self.deadline
        )
    }

    /// More than any fault that passes needs.
    static let deadline = Duration.seconds(900)

    /// The task when it has ended; where nothing but the deadline can end it, the deadline comes.
    func end(of task: TaskRecord) async throws -> TaskRecord {
        await ledger.until { record in record.attempts.contains { $0.state == .unknown } }
        if ledger.record?.status.hasEnded == false { time.advance(by: Self.deadline) }
        await engine.waitForEnd(of: task.id, atMost: .seconds(1_000_000))
        return try #require(engine.board.record(task.id))
    }

    // MARK: The doubles' control

    func control(_ method: HTTP.Method, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        try await host.control(method, path, body)
    }

    /// How many calls of a kind a vendor's double saw.
    func calls(_ operation: String, at vendor: String) async throws -> Int {
        let log = try await control(.get, "log?vendor=\(vendor)&operation=\(operation)&limit=10000")
        return try #require(log["calls"]?.array).count
    }

    /// How many jobs all doubles took.
    func accepted() async throws -> Int {
        Int(try #require(try await control(.get, "tasks")["accepted"]?.integer))
    }
}

extension EmulatorHost {
    func control(_ method: HTTP.Method, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        let fields: Fields = ["Host": "127.0.0.1", "Content-Type": "application/json"]
        let request = try #require(
            Request(method, "/_control/\(path)", fields: fields, body: body?.serialized() ?? [])
        )
        let response = await respond(to: request)
        let answer = try JSONValue(parsing: try await response.collectBody())
        try #require(response.status.isSuccess, "\(answer)")
        return answer
    }
}

/// How a case wants its house.
struct HouseRules {
    /// Whether vendors call back; with `alone`, their polls say nothing before the last of it.
    enum Callbacks { case off, on, alone }

    var callbacks = Callbacks.off
    /// Whether the engine asks by itself.
    var polls = true
    /// How long a whole answer may take.
    var answersWithin = Duration.seconds(60)
    /// Switches of the vendor that is tried.
    var settings: JSONObject = [:]

    /// The providers as they are configured, with one that is tried.
    func providers(
        trying vendor: String,
        secret: Secret<String>?,
        baseURL: (String) -> String
    ) -> [Provider] {
        catalog.map { adapter in
            guard adapter.kind == .vendor else {
                return Provider(id: adapter.id, adapter: adapter, baseURL: "", credentials: [])
            }
            let isTried = adapter.id == vendor
            var provider = Provider(
                id: adapter.id,
                adapter: adapter,
                baseURL: baseURL(adapter.id),
                credentials: [.init(name: "main", key: Secret("key-1"), maxConcurrent: 4)],
                pace: isTried && !polls
                    ? PollPace(first: .seconds(100_000), ceiling: .seconds(100_000)) : nil
            )
            provider.requestTimeout = answersWithin
            if isTried { provider.webhookSecret = secret }
            return provider
        }
    }
}

/// Runs a case in a house of its own; `vendor` is the one that is tried.
func withHouse<Result>(
    _ rules: HouseRules,
    vendor: String,
    _ body: (CaseHouse) async throws -> Result
) async throws -> Result {
    let foundations = try Foundations.shared.get()
    let time = CaseTime()
    let ledger = OneTaskLedger()
    let messages = Observed<[String]>([])
    let line = CallbackLine()
    let host = try EmulatorHost(
        EmulatorOptions(isOnLoopback: true),
        pool: foundations.pool,
        carrier: rules.callbacks == .off ? nil : line,
        clock: time,
        log: Log(level: .error, sink: LogMemory())
    )
    let server = Server(
        addresses: [.tcp(host: "127.0.0.1", port: 0)],
        loops: [foundations.vendorLoop],
        handler: { await host.respond(to: $0) }
    )
    let port = try #require(try await server.start().first?.port)
    let client = HTTPClient(loops: [foundations.engineLoop])
    let secret = try await prepare(host, rules, vendor)
    let providers = rules.providers(trying: vendor, secret: secret) { "http://127.0.0.1:\(port)/\($0)" }
    var parts = Engine.Parts(
        providers: providers,
        ledger: ledger,
        store: foundations.store,
        fetcher: AssetFetcher(
            client: client,
            store: foundations.store,
            pool: foundations.pool,
            maximumBytes: 8 << 20
        ),
        client: client,
        pool: foundations.pool,
        time: time,
        log: Log(level: .debug, sink: MessageSink(messages: messages))
    )
    if rules.callbacks != .off { parts.publicURL = CallbackLine.publicURL }
    let engine = Engine(loop: foundations.engineLoop, parts: parts)
    line.connect(
        to: .init(engine: engine, providers: providers, time: time) {
            await ledger.until { record in record.attempts.contains { $0.providerTaskID != nil } }
        }
    )
    let house = CaseHouse(
        engine: engine,
        host: host,
        time: time,
        ledger: ledger,
        providers: providers,
        client: client,
        loop: foundations.engineLoop,
        messages: messages
    )
    let outcome: Swift.Result<Result, any Error>
    do {
        outcome = .success(try await body(house))
    } catch {
        outcome = .failure(error)
    }
    await engine.stop(within: .zero)
    time.forget()
    await client.shutdown()
    await server.stop(within: .zero)
    host.close()
    return try outcome.get()
}

/// Turns the vendor's switches, and makes our address known where that is done for the account as a whole.
func prepare(_ host: EmulatorHost, _ rules: HouseRules, _ vendor: String) async throws
    -> Secret<String>?
{
    var settings = rules.settings
    settings["vendor"] = .string(vendor)
    if rules.callbacks == .alone { settings["callbacks"] = "only" }
    var secret: Secret<String>?
    if rules.callbacks != .off, vendor == "kie" {
        settings["webhook_key"] = "kie-key"
        secret = Secret("kie-key")
    }
    _ = try await host.control(.post, "settings", .object(settings))
    guard rules.callbacks != .off,
        case .perAccount(_, let registrar)? = catalog.first(where: { $0.id == vendor })?.callbacks
    else { return secret }
    let call = registrar.registration(of: "\(CallbackLine.publicURL)/v1/callbacks/\(vendor)")
    let fields: Fields = [
        "Host": "127.0.0.1", "Authorization": "Bearer key-1", "Content-Type": "application/json",
    ]
    let request = try #require(
        Request(call.method, "/\(vendor)\(call.path)", fields: fields, body: call.encodedBody ?? [])
    )
    let response = await host.respond(to: request)
    let reply = UpstreamReply(
        status: response.status.code,
        fields: response.fields,
        body: try await response.collectBody()
    )
    return try registrar.registered(reply).secret
}

/// The engine's words, to be waited for.
struct MessageSink: LogSink {
    let messages: Observed<[String]>

    func write(_ line: LogLine) { messages.change { $0.append(line.message.description) } }
}
