import API
import Assets
import Audit
import Configuration
import Crypto
import EventLoop
import Glibc
import HTTP
import HTTPClient
import HTTPServer
import JSON
import Providers
import SQLite
import Tasks
import TLS
import Telemetry
import Testing
import Threads
import Timing
import Webhooks

/// A whole gateway in this process: a real engine over a real ledger and store, in a folder of its own.
struct House {
    let gateway: Gateway
    let engine: Engine
    let ledger: SQLiteLedger
    let courier: Courier
    let log = LogMemory()
    let tracer = Tracer()
    /// Who did what.
    let records = LogMemory()
    let directory: String
    let providers: [Provider]
    let configuration: GatewayConfiguration
    private let handler: Handler
    private let contract: Contract

    fileprivate init(
        _ platform: Platform,
        _ ledger: SQLiteLedger,
        clients: ClientAccess,
        room: DiskRoom?,
        time: any Timekeeper,
        publicURL: String?,
        prompts: AuditLog.Prompts,
        _ change: (inout GatewayConfiguration) -> Void
    ) async throws {
        directory = platform.directory
        providers = platform.providers
        self.ledger = ledger
        let store = try AssetStore(directory: platform.directory + "/audio")
        let log = Log(level: .info, sink: log)
        var parts = Engine.Parts(
            providers: platform.providers,
            ledger: ledger,
            store: store,
            fetcher: AssetFetcher(
                client: platform.client,
                store: store,
                pool: platform.pool,
                maximumBytes: 1 << 20
            ),
            client: platform.client,
            pool: platform.pool,
            time: SystemTime(),
            log: log
        )
        parts.publicURL = publicURL
        parts.tracer = tracer
        let audit = AuditLog(sink: records, prompts: prompts)
        parts.audit = audit
        parts.announce = AnnouncementWire(baseURL: "https://sounds.test").announce
        engine = Engine(loop: platform.loop, parts: parts)
        var configuration = GatewayConfiguration()
        configuration.clients = clients
        configuration.server.limits.body = 64 * 1024
        change(&configuration)
        self.configuration = configuration
        var delivery = Courier.Parts(outbox: ledger, client: platform.client, time: SystemTime(), log: log)
        delivery.tracer = tracer
        delivery.settings.destinations.allowsLoopback = configuration.server.listen.allSatisfy(\.isLocal)
        courier = Courier(loop: platform.loop, parts: delivery)
        var face = Gateway.Parts(
            configuration: configuration,
            providers: platform.providers,
            engine: engine,
            balances: BalanceBook(loop: platform.loop, client: platform.client, time: SystemTime()),
            ledger: ledger,
            store: store,
            courier: courier,
            log: log,
            version: "1.2.3"
        )
        face.room = room
        face.tracer = tracer
        face.time = time
        face.audit = audit
        gateway = Gateway(face)
        handler = gateway.handler()
        let request = try #require(Request(.get, "/openapi.json"))
        contract = Contract(try JSONValue(parsing: try await handler(request).collectBody()))
    }

    /// Sends a request through the gateway's handler and holds the answer against the contract.
    func send(
        _ method: HTTP.Method,
        _ target: String,
        _ json: String? = nil,
        fields: Fields = [:],
        certificate: PeerCertificate? = nil,
        peer: HTTPServer.PeerAddress = .local,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        var fields = fields
        if fields["Host"] == nil { fields["Host"] = "sounds.test" }
        if json != nil, fields["Content-Type"] == nil { fields["Content-Type"] = "application/json" }
        let made = Request(method, target, fields: fields, body: Array((json ?? "").utf8))
        var request = try #require(made, sourceLocation: sourceLocation)
        request.clientCertificate = certificate
        request.peer = peer
        request.isSecure = certificate != nil
        let response = await handler(request)
        let body = try await response.collectBody()
        let violations = contract.violations(of: response, to: method, body: body)
        #expect(violations == [], "\(method) \(target)", sourceLocation: sourceLocation)
        return Answer(response: response, body: body)
    }

    /// Takes up another configuration, as the program does.
    func adopt(_ configuration: GatewayConfiguration, providers: [Provider]? = nil) async {
        let providers = providers ?? self.providers
        await engine.adopt(
            EngineSettings(
                providers: providers,
                policy: TaskMachine.Policy(),
                fetchFor: .seconds(120),
                publicURL: configuration.server.publicURL,
                announce: AnnouncementWire(baseURL: "https://sounds.test").announce
            )
        )
        gateway.adopt(configuration, providers: providers)
    }

    /// Makes a sound with the built-in synthesizer and waits for it.
    func sound(
        _ json: String = #"{"prompt": "click", "provider": "builtin"}"#,
        fields: Fields = [:]
    ) async throws -> Answer {
        var fields = fields
        fields["Prefer"] = "wait=60"
        let answer = try await send(.post, "/v1/sounds", json, fields: fields)
        try #require(answer.status == 200)
        return answer
    }

    /// A task that goes on for ever, at a vendor that takes jobs and never ends them.
    func endlessSound(fields: Fields = [:]) async throws -> Answer {
        let answer = try await send(
            .post,
            "/v1/sounds",
            #"{"prompt": "rain", "provider": "suno"}"#,
            fields: fields
        )
        try #require(answer.status == 202)
        return answer
    }

    /// Asks for a task until the vendor has its job.
    func untilAccepted(_ id: String) async throws {
        for _ in 0..<10_000 {
            let shown = try await send(.get, "/v1/sounds/\(id)")
            if shown.json["attempts"]?.array?.first?["state"] == "accepted" { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw NeverAccepted(id: id)
    }

    struct NeverAccepted: Error { let id: String }
}

/// An answer and its body.
struct Answer {
    let response: Response
    let body: [UInt8]

    var status: Int { response.status.code }
    var fields: Fields { response.fields }

    /// The body as JSON; `null` when it is none.
    var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
    var id: String { json["id"]?.string ?? "?" }
    /// The problem's code.
    var code: String? { json["code"]?.string }
    /// `field code` of each entry of the problem's `errors`.
    var errors: [String] {
        (json["errors"]?.array ?? []).map { "\($0["field"]?.string ?? "?") \($0["code"]?.string ?? "?")" }
    }
}

/// What a house stands on.
private struct Platform {
    let loop: EventLoop
    let pool: WorkerPool
    let client: HTTPClient
    let vendor: Server
    let providers: [Provider]
    let directory: String

    init() async throws {
        var template = Array("/tmp/soundgate-api-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        loop = try EventLoop(name: "api-tests")
        try loop.start()
        pool = try WorkerPool(name: "api-tests", threads: 2)
        client = HTTPClient(loops: [loop])
        vendor = Server(addresses: [.tcp(host: "127.0.0.1", port: 0)], loops: [loop]) { request in
            let answer =
                request.method == .post
                ? #"{"code":200,"msg":"success","data":{"taskId":"job-1"}}"#
                : #"{"code":200,"msg":"success","data":{"taskId":"job-1","status":"PENDING"}}"#
            return Response(.ok, contentType: "application/json", Array(answer.utf8))
        }
        let port = try #require(try await vendor.start().first?.port)
        providers = [
            Provider(id: "builtin", adapter: Builtin.provider, baseURL: "", credentials: []),
            Provider(
                id: "suno",
                adapter: SunoAPI.provider,
                baseURL: "http://127.0.0.1:\(port)",
                credentials: [.init(name: "main", key: Secret("k"), maxConcurrent: 1)]
            ),
        ]
    }

    func close() async {
        await vendor.stop(within: .zero)
        await client.shutdown()
        pool.shutdown()
        loop.stop()
        loop.join()
    }
}

/// Lends a gateway and takes it down afterwards.
func withHouse(
    clients: ClientAccess = .loopbackOnly,
    database: Database.Options = .init(),
    room: DiskRoom? = nil,
    time: any Timekeeper = SystemTime(),
    publicURL: String? = nil,
    prompts: AuditLog.Prompts = .none,
    configure: (inout GatewayConfiguration) -> Void = { _ in },
    _ body: (House) async throws -> Void
) async throws {
    let platform = try await Platform()
    let ledger = try await SQLiteLedger(path: platform.directory + "/ledger.db", options: database)
    let result: Result<Void, any Error>
    do {
        let house = try await House(
            platform,
            ledger,
            clients: clients,
            room: room,
            time: time,
            publicURL: publicURL,
            prompts: prompts,
            configure
        )
        do {
            try await body(house)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await house.engine.stop(within: .seconds(5))
        await house.courier.stop(within: .zero)
    } catch {
        result = .failure(error)
    }
    await platform.close()
    await ledger.close()
    remove(platform.directory)
    try result.get()
}

/// Removes a file, or a folder and what is in it.
private func remove(_ path: String) {
    if let folder = opendir(path) {
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { remove(path + "/" + name) }
        }
        closedir(folder)
    }
    _ = Glibc.remove(path)
}
