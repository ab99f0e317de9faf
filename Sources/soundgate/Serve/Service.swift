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
import SQLite
import TLS
import Tasks
import Telemetry
import Threads
import Timing
import Webhooks

/// The gateway as a process: builds every part from the configuration, runs until a signal, stops in order.
enum Service {
    /// Serves until SIGINT or SIGTERM.
    ///
    /// - Returns: the exit status: 0 after an orderly stop, 69 when an address, a file or a thread cannot be had.
    static func run(
        _ configuration: GatewayConfiguration,
        from source: ConfigurationSource,
        _ reading: ConfigurationSource.Reading
    ) async -> Int32 {
        let sink: LogWriter
        let log: Log
        let records: RecordFile?
        let interruption: Interruption
        let security: Security?
        let (hangUps, hangUp) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        do {
            sink = try LogWriter(descriptor: STDERR_FILENO, format: configuration.log.lineFormat)
            log = Log(configuration.log, sink: sink)
            security = try Security(configuration.server, log: log.module(.tls))
            records = try configuration.audit?.open(log: log.module(.audit))
            interruption = try Interruption(others: [
                // One that comes while the gateway starts is kept.
                SIGHUP: { hangUp.yield() },
                SIGUSR1: { [records] in records?.reopen() },
            ])
        } catch {
            return refuse("\(error)")
        }
        defer {
            log.tellLeftOut(atEnd: true)
            sink.close()
        }
        let audit = AuditLog(records, configuration.audit)
        // Before the log: it may have something to say.
        defer { records?.close() }
        if LockedBytes.unlockedCount > 0 {
            log(
                .warning,
                "not all secrets are locked in memory: they could reach swap; raise RLIMIT_MEMLOCK",
                ["unlocked": .init(LockedBytes.unlockedCount)]
            )
        }
        do {
            let house = try await House(configuration, security: security, log: log, audit: audit)
            house.metrics.watch(sink, records)
            audit("started", ["version": "\(version)"])
            defer { audit("stopped", ["version": "\(version)"]) }
            let secrets = source.secrets
            let reloader = Reloader(
                source,
                running: configuration,
                from: reading,
                log: log.module(.configuration),
                metrics: ReloadMetrics(house.metrics.registry)
            ) { next in
                await house.adopt(next)
                await secrets.settle(on: next.vault?.hashicorp)
            }
            await secrets.settle(on: configuration.vault?.hashicorp)
            await secrets.serve(log.module(.hashiCorp)) { reloader.nudge(.secrets) }
            let upkeep = Task {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await reloader.run() }
                    group.addTask { await tellLeftOut(by: log) }
                    group.addTask {
                        for await _ in hangUps {
                            house.reopen()
                            reloader.nudge(.signal)
                        }
                    }
                }
            }
            let status = await house.serve(until: interruption)
            upkeep.cancel()
            await upkeep.value
            await secrets.close()
            return status
        } catch let error as DatabaseOpeningError where error.isDamage {
            Console.complain("\(error)\n\(LedgerDamage.advice)")
            return ExitStatus.damagedData.rawValue
        } catch {
            return refuse("\(error)")
        }
    }

    /// Says now and then which lines were left out, until the task is cancelled: the next line does, but none may come.
    private static func tellLeftOut(by log: Log) async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: .seconds(10)) } catch { return }
            log.tellLeftOut()
        }
    }

    private static func refuse(_ reason: String) -> Int32 {
        Console.complain(reason)
        return EX_UNAVAILABLE
    }
}

/// Every part of a running gateway, put together once.
private struct House: Sendable {
    /// What is at work now.
    let held: Guarded<GatewayConfiguration>
    /// The listener's TLS, where it has one.
    let security: Security?
    let log: Log
    let loops: [EventLoop]
    let client: HTTPClient
    let tracer = Tracer()
    let exporter: SpanExporter
    let ledger: SQLiteLedger
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
        var options = Database.Options()
        options.written = LedgerMetrics(metrics.registry).written
        ledger = try await SQLiteLedger(
            path: configuration.storage.sqlite.path,
            log: tasksLog,
            options: options
        )
        ledger.report(to: metrics.registry)
        let store = try AssetStore(
            directory: configuration.assets.directory,
            limits: configuration.assets.storeLimits
        )
        let room = DiskRoom(configuration, pool: disks, log: log.module(.assets))
        var clientConfiguration = HTTPClient.Configuration()
        clientConfiguration.userAgent = "soundgate/\(version)"
        client = HTTPClient(loops: loops, clientConfiguration)
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
            time: SystemTime(),
            log: tasksLog
        )
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
            time: SystemTime(),
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
                time: SystemTime(),
                log: tasksLog,
                period: configuration.assets.period
            )
        )
        var face = Gateway.Parts(
            configuration: configuration,
            providers: providers,
            engine: engine,
            balances: BalanceBook(loop: loops[0], client: client, time: SystemTime(), tracer: tracer),
            ledger: ledger,
            store: store,
            courier: courier,
            log: log.module(.api),
            version: version
        )
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
        metrics.watch(room, names: ["storage", "assets"])
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

    func serve(until interruption: Interruption) async -> Int32 {
        let bound: [HTTPServer.ListenAddress]
        do {
            // Before anybody can ask: what an earlier process left goes on first.
            try await recover()
            courier.nudge()
            bound = try await server.start()
            for address in try await redirecting?.start() ?? [] {
                log(.notice, "redirecting to HTTPS", ["address": "http://\(address)"])
            }
            await retention.start()
        } catch LedgerError.corrupt(let reason) {
            log(
                .error,
                "cannot start: the ledger is damaged",
                ["reason": "\(reason)", "remedy": "\(LedgerDamage.advice)"]
            )
            await close()
            return ExitStatus.damagedData.rawValue
        } catch {
            log(.error, "cannot start", ["reason": "\(error)"])
            await close()
            return EX_UNAVAILABLE
        }
        let ownScheme = held.withLock(\.server.scheme)
        for address in bound {
            let scheme = address.port == nil ? "" : ownScheme
            log(.notice, "listening on", ["address": "\(scheme)\(address)"])
        }
        _ = await interruption.first()
        await drain()
        log(.notice, "stopped")
        return EX_OK
    }

    /// Goes by another configuration from now on, as far as that needs no restart; cannot fail.
    ///
    /// What each part takes up is a snapshot of its own, swapped whole. The engine is first: what is planned by the new
    /// one must find its providers there.
    func adopt(_ configuration: GatewayConfiguration) async {
        let providers = configuration.configuredProviders
        await engine.adopt(configuration.engineSettings(providers))
        gateway.adopt(configuration, providers: providers)
        courier.adopt(configuration.courierSettings)
        await retention.keep(for: configuration.assets.period)
        log.adopt(configuration.log)
        tracer.adopt(configuration.tracerSettings)
        exporter.adopt(configuration.exporterSettings)
        held.withLock { $0 = configuration }
    }

    /// What else is read or opened anew on SIGHUP, besides the configuration: one line for each.
    ///
    /// Called on a thread that may block, before the configuration is read again.
    func reopen() {
        security?.reload()
    }

    /// Answers what is in flight and lets vendors' answers come in, both within the time to drain.
    private func drain() async {
        let configuration = held.withLock { $0 }
        log(.notice, "stopping", ["drain": .duration(configuration.server.drain)])
        gateway.beginDraining()
        await retention.stop()
        await engine.beginStopping()
        await courier.beginStopping()
        async let redirects: Void? = redirecting?.stop(within: .seconds(1))
        async let requests: Void = server.stop(within: configuration.server.drain)
        async let work: Void = engine.stop(within: configuration.server.drain)
        async let delivery: Void = courier.stop(within: configuration.server.drain)
        _ = await (redirects, requests, work, delivery)
        await exporter.stop(within: .seconds(3))
        await client.shutdown()
        await ledger.close()
    }

    private func recover() async throws(LedgerError) {
        let began = monotonicNow()
        let count = try await engine.recover()
        guard count > 0 else { return }
        let spent = Duration.nanoseconds(Int64(clamping: monotonicNow() - began))
        log(.notice, "unfinished tasks taken up", ["recovered": .init(count), "duration": .duration(spent)])
    }

    private func close() async {
        await retention.stop()
        await engine.stop(within: .zero)
        await courier.stop(within: .zero)
        await exporter.stop(within: .seconds(1))
        await client.shutdown()
        await ledger.close()
    }
}
