import API
import Assets
import Configuration
import Crypto
import HTTP
import HTTPClient
import HTTPServer
import OpenTelemetry
import Providers
import Sound
import Tasks
import Telemetry
import Threads
import Timing
import Webhooks

// From the operator's words to the parts' own.

extension GatewayConfiguration {
    /// The adapters of this build in the words of the configuration.
    static var knownAdapters: [KnownAdapter] {
        catalog.map { adapter in
            KnownAdapter(
                id: adapter.id,
                needsCredential: adapter.needsCredential,
                isEnabledByDefault: adapter.kind == .procedural,
                signsCallbacks: adapter.callbacks.reader?.isSigned ?? false,
                billingUnit: adapter.billingUnit
            )
        }
    }

    /// All providers in the order of the file; those that are not enabled only end what they have taken.
    var configuredProviders: [Provider] {
        providers.compactMap { configured in
            guard let adapter = catalog.first(where: { $0.id == configured.adapter }) else { return nil }
            var provider = Provider(configured, adapter: adapter)
            provider.onUnknown =
                switch configured.onUnknown ?? routing.onUnknown {
                case .wait: .wait
                case .fail: .fail
                case .resubmit: .resubmit
                }
            return provider
        }
    }
}

extension GatewayConfiguration {
    /// What the engine goes by.
    func engineSettings(_ providers: [Provider]) -> EngineSettings {
        EngineSettings(
            providers: providers,
            policy: taskPolicy,
            fetchFor: assets.fetchFor,
            publicURL: server.publicURL,
            announce: announcing
        )
    }

    var taskPolicy: TaskMachine.Policy {
        var policy = TaskMachine.Policy()
        policy.maxAttempts = routing.maxAttempts
        return policy
    }

    var announcing: Announcing { AnnouncementWire(baseURL: server.shownURL ?? "").announce }

    /// What the courier goes by: everybody's keys, and where webhooks may go.
    var courierSettings: Courier.Settings {
        var settings = Courier.Settings()
        for client in clients.clients {
            settings.keys[client.name] = client.webhookSecret.compactMap(WebhookKey.init)
        }
        // Whoever can call the gateway then can call this machine without it.
        settings.destinations.allowsLoopback = server.listen.allSatisfy(\.isLocal)
        for allowed in webhooks.allow {
            switch allowed {
            case .addresses(let block):
                if let range = AddressRange(address: block.bytes, bits: block.bits) {
                    settings.destinations.ranges.append(range)
                }
            case .host(let name, let port): settings.destinations.hosts.insert(.init(name: name, port: port))
            }
        }
        return settings
    }
}

extension Provider {
    fileprivate init(_ configured: ProviderConfiguration, adapter: ProviderDescriptor) {
        var pace = adapter.pace
        pace.first = configured.polling.first ?? pace.first
        pace.ceiling = max(configured.polling.ceiling ?? pace.ceiling, pace.first)
        self.init(
            id: configured.id,
            adapter: adapter,
            baseURL: configured.baseURL ?? adapter.defaultBaseURL ?? "",
            credentials: configured.credentials.map {
                Credential(
                    name: $0.name,
                    key: $0.key,
                    maxConcurrent: $0.maxConcurrent ?? adapter.defaultConcurrency,
                    rateLimit: $0.rateLimit.map { ($0.count, $0.per) }
                )
            },
            extraModels: configured.models,
            pace: pace
        )
        isEnabled = configured.isEnabled
        connectTimeout = configured.timeouts.connect
        requestTimeout = configured.timeouts.request ?? adapter.answersWithin
        webhookSecret = configured.webhookSecret
        certificateAuthorities = configured.ca
    }
}

extension AssetsConfiguration {
    /// How long ended tasks are kept; `nil` for ever.
    var period: Duration? { retention > .zero ? retention : nil }

    var storeLimits: AssetStore.Limits {
        AssetStore.Limits(bytes: maximumSize, duration: maximumDuration / .seconds(1))
    }
}

extension GatewayConfiguration {
    /// What the gateway writes on this machine's disks: the ledger's file, where it is one, and the folder of audio.
    fileprivate var localPlaces: [String] {
        (storage.postgres == nil ? [storage.sqlite.path] : []) + [assets.directory]
    }
}

extension DiskRoom {
    /// Looks after the disks that a configuration names; both folders must be there.
    convenience init(_ configuration: GatewayConfiguration, pool: WorkerPool, log: Log) {
        self.init(
            paths: configuration.localPlaces,
            reserve: configuration.storage.reserve,
            pool: pool,
            onChange: { level in
                switch level {
                case .tasks: log(.notice, "there is room on the disk again; new sounds are taken")
                case .calls: log(.error, "the disk is nearly full: new sounds are refused")
                case .audio: log(.error, "the disk is nearly full: no calls are begun")
                case .ledger: log(.error, "the disk is full: audio waits")
                case .nothing: log(.error, "the disk is read-only: everything waits")
                }
            }
        )
    }
}

extension ServerConfiguration {
    /// Where clients find this gateway when they did not call it just now: the configured address, else the first one
    /// that it listens on, if that is an address that can be called.
    var shownURL: String? {
        publicURL
            ?? listen.lazy.compactMap { address in
                guard case .tcp(let host, let port) = address, port != 0, host != "0.0.0.0", host != "::"
                else { return nil }
                return "\(scheme)\(address)"
            }.first
    }

    /// What stands before an address that it listens on.
    var scheme: String { tls == nil ? "http://" : "https://" }

    var addresses: [HTTPServer.ListenAddress] {
        listen.map { address in
            switch address {
            case .tcp(let address, let port): .tcp(host: address, port: UInt16(clamping: port))
            case .unix(let path): .unix(path: path)
            }
        }
    }

    /// What the server is held to, when the process may have so many descriptors: of those a quarter stays with calls,
    /// files and the ledger, lest a flood of connections take away what serving them needs.
    func serverLimits(openFiles: Int) -> ServerLimits {
        var limits = serverLimits
        limits.connections = min(limits.connections, max(1, openFiles - max(64, openFiles / 4)))
        return limits
    }

    private var serverLimits: ServerLimits {
        var limits = ServerLimits()
        limits.parser.target = self.limits.requestTarget
        limits.parser.section = self.limits.header
        limits.parser.body = self.limits.body
        limits.connections = self.limits.connections
        limits.connectionsPerAddress = self.limits.connectionsPerAddress
        limits.memory = self.limits.memory
        limits.headerTimeout = timeouts.header
        limits.bodyTimeout = timeouts.body
        limits.idleTimeout = timeouts.idle
        limits.writeTimeout = timeouts.write
        return limits
    }
}

extension GatewayConfiguration {
    /// Which traces are recorded; `nil` for none.
    var tracerSettings: Tracer.Settings? {
        tracing.map { Tracer.Settings(sample: $0.sample, goesUpstream: $0.propagatesUpstream) }
    }

    /// Where spans go; `nil` for nowhere.
    var exporterSettings: SpanExporter.Settings? {
        tracing.map { tracing in
            SpanExporter.Settings(
                service: tracing.service,
                endpoint: tracing.otlp.endpoint,
                fields: tracing.otlp.headers,
                authorities: tracing.otlp.ca
            )
        }
    }
}

extension Log {
    /// The log of a process, as its configuration wants it.
    init(_ configuration: LogConfiguration, sink: any LogSink) {
        self.init(level: configuration.level.logLevel, sink: sink)
        adopt(configuration)
    }

    /// Goes by another configuration from now on.
    func adopt(_ configuration: LogConfiguration) {
        let levels = configuration.modules.map { ($0.key.rawValue, $0.value.logLevel) }
        setLevel(
            configuration.level.logLevel,
            modules: Dictionary(levels, uniquingKeysWith: { first, _ in first })
        )
        setRepeats(configuration.repeats)
    }

    /// The same log for one of the modules that a configuration can name.
    func module(_ module: LogConfiguration.Module) -> Log { self.module(module.rawValue) }
}

extension LogConfiguration.Level {
    fileprivate var logLevel: LogLevel {
        switch self {
        case .error: .error
        case .warning: .warning
        case .notice: .notice
        case .info: .info
        case .debug: .debug
        }
    }
}

extension LogConfiguration {
    var lineFormat: LogFormat {
        switch format {
        case .auto: .automatic(for: 2)
        case .json: .json
        case .text:
            if case .text(let isColoured) = LogFormat.automatic(for: 2) {
                .text(isColoured: isColoured)
            } else {
                .text(isColoured: false)
            }
        }
    }
}
