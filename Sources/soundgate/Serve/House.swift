import API
import Assets
import Audit
import Configuration
import Crypto
import EventLoop
import Glibc
import HTTPClient
import HTTP
import HTTPServer
import OpenTelemetry
import Providers
import TLS
import Tasks
import Telemetry
import Threads
import Timing
import Webhooks

/// Every part of a running gateway, put together once.
struct House: Sendable {
    /// What is at work now.
    let held: Guarded<GatewayConfiguration>
    /// The listener's TLS, where it has one.
    let security: Security?
    let log: Log
    let loops: [EventLoop]
    let client: HTTPClient
    let tracer = Tracer()
    let exporter: SpanExporter
    let ledger: any Ledger & Outbox & Retaining
    /// The same, where it is a database that may be away.
    let shared: PostgresLedger?
    let time: SharedTime
    /// How other gateways over the same database are reached.
    let bus: PostgresBus?
    let store: AssetStore
    /// The object store that audio is kept in, where it is.
    let shelf: S3Shelf?
    let engine: Engine
    let retention: Retention
    let courier: Courier
    let gateway: Gateway
    let server: Server
    /// The plain port that only tells where HTTPS is.
    let redirecting: Server?
    let pools: [WorkerPool]
    let metrics: ServiceMetrics

    init(_ configuration: GatewayConfiguration, security: Security?, log: Log, audit: AuditLog) async throws {
        held = Guarded(configuration)
        self.security = security
        self.log = log
        let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        loops = try (0..<(configuration.server.threads ?? cores)).map { try EventLoop(name: "loop-\($0)") }
        for loop in loops { try loop.start() }
        let rendering = try WorkerPool(name: "render", threads: max(2, cores))
        let files = try WorkerPool(name: "files", threads: 2)
        // Of its own: a create asks for the room, and must not wait behind a file.
        let disks = try WorkerPool(name: "disks", threads: 1)
        // Likewise: what is measured is wanted most when everything else is stuck.
        let measuring = try WorkerPool(name: "measure", threads: 1)
        pools = [rendering, files, disks, measuring]
        let metrics = ServiceMetrics(pool: measuring)
        self.metrics = metrics
        // First of all: another process on the same files is refused before anything of its is touched.
        let tasksLog = log.module(.tasks)
        let opened = try await HouseLedger(
            configuration.storage,
            loops: loops,
            log: tasksLog,
            metrics: metrics.registry
        )
        let ledger = opened.store
        self.ledger = ledger
        shared = opened.shared
        let time = opened.time
        self.time = time
        let signals = ReplicaMetrics(metrics.registry)
        let bus = opened.shared?.bus(on: loops[0], log: tasksLog, metrics: signals)
        self.bus = bus
        var clientConfiguration = HTTPClient.Configuration()
        clientConfiguration.userAgent = "soundgate/\(version)"
        let client = HTTPClient(loops: loops, clientConfiguration)
        self.client = client
        shelf = try configuration.assets.s3.map { s3 in
            try S3Shelf(s3, client: client, pool: files, log: log.module(.assets), metrics: metrics)
        }
        let store = try AssetStore(
            configuration.assets,
            shelf: shelf,
            log: log.module(.assets),
            isReferred: { try await ledger.refers(to: $0) }
        )
        self.store = store
        if opened.shared != nil, shelf == nil {
            log.module(.assets)(
                .warning,
                "audio is in a folder of this gateway: others over the same database cannot serve it without assets.s3",
                ["directory": "\(configuration.assets.directory)"]
            )
        }
        let room = DiskRoom(configuration, pool: disks, log: log.module(.assets))
        exporter = SpanExporter(
            tracer.spans,
            loop: loops[loops.count - 1],
            client: client,
            process: OpenTelemetry.Process(version: version, instance: Hex.encode(randomBytes(8))),
            log: log.module(.openTelemetry)
        )
        tracer.adopt(configuration.tracerSettings)
        exporter.adopt(configuration.exporterSettings)
        let providers = configuration.configuredProviders
        var parts = Engine.Parts(
            providers: providers,
            ledger: ledger,
            store: store,
            fetcher: AssetFetcher(
                client: client,
                store: store,
                pool: files,
                maximumBytes: configuration.assets.maximumSize
            ),
            client: client,
            pool: rendering,
            time: time,
            log: tasksLog
        )
        parts.bus = bus
        parts.keyLimits = opened.shared?.keyLimits
        if let lease = configuration.storage.postgres?.lease { parts.leaseTerm = lease }
        parts.audit = audit
        parts.metrics = EngineMetrics(metrics.registry)
        parts.tracer = tracer
        parts.room = room
        parts.policy = configuration.taskPolicy
        parts.fetchFor = configuration.assets.fetchFor
        parts.publicURL = configuration.server.publicURL
        parts.announce = configuration.announcing
        var delivery = Courier.Parts(
            outbox: ledger,
            client: client,
            time: time,
            log: log.module(.webhooks)
        )
        delivery.tracer = tracer
        delivery.settings = configuration.courierSettings
        delivery.metrics = CourierMetrics(metrics.registry)
        let courier = Courier(loop: loops[loops.count - 1], parts: delivery)
        self.courier = courier
        parts.messagesStored = { courier.nudge() }
        engine = Engine(loop: loops[0], parts: parts)
        engine.report(to: metrics.registry)
        courier.report(to: metrics.registry)
        retention = Retention(
            loop: loops[0],
            parts: Retention.Parts(
                ledger: ledger,
                store: store,
                board: engine.board,
                pool: files,
                time: time,
                log: tasksLog,
                period: configuration.assets.period
            )
        )
        var face = Gateway.Parts(
            configuration: configuration,
            providers: providers,
            engine: engine,
            balances: BalanceBook(loop: loops[0], client: client, time: time, tracer: tracer),
            ledger: ledger,
            store: store,
            courier: courier,
            log: log.module(.api),
            version: version
        )
        face.time = time
        face.keyLimits = opened.shared?.keyLimits
        face.audit = audit
        face.tracer = tracer
        face.room = room
        face.metrics = metrics.registry
        let gateway = Gateway(face)
        self.gateway = gateway
        let openFiles = try OpenFiles.raise()
        let limits = configuration.server.serverLimits(openFiles: openFiles)
        if limits.connections < configuration.server.limits.connections {
            log(
                .warning,
                "fewer connections than server.limits.connections: raise RLIMIT_NOFILE",
                ["connections": .init(limits.connections), "descriptors": .init(openFiles)]
            )
        }
        let connections = log.module(.httpServer)
        server = Server(
            addresses: configuration.server.addresses,
            identity: security?.identity,
            limits: limits,
            loops: loops,
            renderProblem: Gateway.renderProblem,
            access: { record in
                gateway.answered(record)
                // The handler logs what it answers; what could not even be read is logged here.
                guard record.method == nil else { return }
                audit(
                    "malformed_request",
                    ["peer": "\(record.peer.host)", "status": .init(record.status.code)]
                )
                connections(
                    .info,
                    "malformed request",
                    ["status": .init(record.status.code), "peer": "\(record.peer.host)"]
                )
            },
            handshakeFailed: { peer, reason in
                connections(.debug, "handshake failed", ["peer": "\(peer.host)", "reason": "\(reason)"])
            },
            refused: { refusals in
                connections(
                    .warning,
                    "connections turned away or closed for want of room",
                    [
                        "all": .init(refusals.connections), "address": .init(refusals.address),
                        "memory": .init(refusals.memory), "descriptors": .init(refusals.descriptors),
                    ]
                )
            },
            handler: gateway.handler()
        )
        metrics.watch(server)
        metrics.watch(security?.identity)
        metrics.watch(loops)
        metrics.watch(tracer.spans)
        metrics.watch(room, names: opened.shared == nil ? ["storage", "assets"] : ["assets"])
        metrics.watch { gateway.isDraining }
        redirecting = Self.redirecting(configuration.server, security?.identity, limits, loops)
    }

    private static func redirecting(
        _ configuration: ServerConfiguration,
        _ identity: TLSIdentity?,
        _ limits: ServerLimits,
        _ loops: [EventLoop]
    ) -> Server? {
        guard let identity, case .tcp(let host, let port) = configuration.tls?.redirect else { return nil }
        let redirection = Redirection(
            port: configuration.addresses.lazy.compactMap(\.port).first ?? 443,
            publicURL: configuration.publicURL,
            isOurs: { identity.covers($0) }
        )
        var limits = limits
        limits.connections = min(limits.connections, 1000)
        return Server(
            addresses: [.tcp(host: host, port: UInt16(clamping: port))],
            limits: limits,
            loops: loops,
            handler: { redirection.response(to: $0) }
        )
    }
}
