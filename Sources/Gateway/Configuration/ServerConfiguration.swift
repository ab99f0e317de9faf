/// Where the gateway listens, and what it puts up with.
package struct ServerConfiguration: Sendable, Equatable {
    /// The addresses to listen on; never empty.
    package var listen: [ListenAddress] = [.tcp(address: "127.0.0.1", port: 8080)]
    /// What vendors call back and clients fetch audio from, without a slash at its end; `nil` when not set.
    package var publicURL: String?
    /// Proxies that are believed about who asks; a Unix socket counts as 127.0.0.1.
    package var trustedProxies: [AddressBlock] = []
    /// The number of event loops; `nil` means one per core.
    package var threads: Int?
    /// What the listener proves itself with; `nil` for plain HTTP.
    package var tls: TLS?
    /// Sizes that a request may not exceed.
    package var limits = Limits()
    /// How long a peer may take.
    package var timeouts = Timeouts()
    /// How long a stopping gateway waits for requests to finish.
    package var drain: Duration = .seconds(20)
    /// Who may read `/metrics`.
    package var metrics = MetricsAccess.loopback

    /// The defaults.
    package init() {}

    /// Sizes that a request may not exceed; bytes where not said otherwise.
    package struct Limits: Sendable, Equatable {
        /// The request target, as in `GET target HTTP/1.1`.
        package var requestTarget = 8 * 1024
        /// The whole header section.
        package var header = 32 * 1024
        /// The body.
        package var body = 1024 * 1024
        /// The number of connections open at once.
        package var connections = 10_000
        /// How many of them one address may have, an IPv6 network of 64 bits counting as one; this machine's own
        /// addresses and Unix sockets are not counted.
        package var connectionsPerAddress = 1000
        /// What the buffers of all connections may hold together.
        package var memory = 256 << 20
        /// The number of event streams and answers waited for, of one client at once, or of one address where no key
        /// is asked for.
        package var waitsPerClient = 1000
        /// Tasks that have not ended.
        package var tasks = 100_000
        /// Tasks of one client that have not ended.
        package var tasksPerClient = 20_000

        /// The defaults.
        package init() {}
    }

    /// How long a peer may take.
    package struct Timeouts: Sendable, Equatable {
        /// From a request's first byte to the end of its header section.
        package var header: Duration = .seconds(10)
        /// For the next 16 KiB of a body, or its end.
        package var body: Duration = .seconds(30)
        /// Between two requests on a connection.
        package var idle: Duration = .seconds(60)
        /// For a peer to receive the next 16 KiB of an answer, or its end.
        package var write: Duration = .seconds(30)

        /// The defaults.
        package init() {}
    }

    /// Who may read `/metrics`.
    package enum MetricsAccess: String, Sendable, CaseIterable {
        /// Anybody while the gateway listens on loopback and Unix sockets only, else admins.
        case loopback
        /// Anybody who can reach it.
        case open
        /// Admins, wherever it listens.
        case admin
    }

    /// Whether `/metrics` asks for no key.
    package var showsMetricsToAnybody: Bool {
        switch metrics {
        case .open: true
        case .admin: false
        case .loopback: listen.allSatisfy(\.isLocal)
        }
    }
}
