import Glibc
import HTTPClient
import JSON
import Postgres
import PostgresTestSupport
import S3TestSupport
import Testing
import Threads

/// Several gateways over one PostgreSQL and one object store, with a balancer before them and the doubles of all vendors
/// behind.
struct ClusterHouse: Sendable {
    /// One gateway of the house.
    struct Replica: Sendable {
        let number: Int
        let port: LoopbackPort
        let folder: Folder
    }

    let doubles: Peer
    let database: PostgresServer
    let store: StoreDouble
    let balancer: Balancer
    /// The balancer's address.
    let front: Peer
    let replicas: [Replica]
    let sink: Sink

    /// How long tasks of a dead gateway are nobody's, in the configuration of these.
    static let lease = Duration.seconds(6)

    /// Lends a house; doubles, database and store live through all of it, the gateways are the borrower's.
    static func with(
        _ count: Int = 3,
        doubles arguments: [String] = ["--speed", "50"],
        config: @Sendable (Peer, LoopbackPort) -> String = ClusterHouse.everyVendor,
        _ body: (ClusterHouse) async throws -> Void
    ) async throws {
        try await Folder.with { folder in
            let emulators = try Program(
                ["emulate", "--listen", "127.0.0.1:0", "--retention", "200000"] + arguments,
                in: folder
            )
            defer { emulators.send(SIGKILL) }
            let database = try PostgresServer(isDurable: false)
            let url = database.url(try await database.database())
            try await StoreDouble.with { store in
                try await Sink.with { sink in
                    try await sink.open()
                    try await withClient { client in
                        let doubles = try await emulators.peer(client, ready: "/healthz")
                        let front = try LoopbackPort()
                        let replicas = try (0..<count).map { number in
                            let own = Folder(path: folder.file("replica-\(number)"))
                            try #require(mkdir(own.path, 0o700) == 0)
                            let port = try LoopbackPort()
                            try own.write(
                                Self.config(port, front, url, store) + config(doubles, port),
                                to: "soundgate.yaml"
                            )
                            return Replica(number: number, port: port, folder: own)
                        }
                        let balancer = Balancer(replicas.map(\.port.origin), client)
                        try await withServer(
                            "balancer",
                            on: UInt16(front.number),
                            { await balancer.answer($0) }
                        ) {
                            address in
                            try await body(
                                ClusterHouse(
                                    doubles: doubles,
                                    database: database,
                                    store: store,
                                    balancer: balancer,
                                    front: Peer(address: address, client: client),
                                    replicas: replicas,
                                    sink: sink
                                )
                            )
                        }
                    }
                }
            }
            #expect(await emulators.stop() == 0, "\(emulators.errors)")
        }
    }

    private static func config(
        _ port: LoopbackPort,
        _ front: LoopbackPort,
        _ url: String,
        _ store: StoreDouble
    )
        -> String
    {
        """
        server: { listen: "127.0.0.1:\(port.number)", public_url: "\(front.origin)", drain: 5s }
        log: { level: info, format: json }
        storage:
          postgres: { url: "\(url)", lease: \(lease.components.seconds)s }
        \(ObjectStoreTests.config(store, "  fetch_for: 10s"))

        """
    }

    /// Every vendor's double, with two keys each.
    static func everyVendor(_ doubles: Peer, _ port: LoopbackPort) -> String {
        let providers = ChaosFaults.vendors.map { vendor in
            """
              \(vendor.name):
                base_url: \(doubles.address)/\(vendor.name)
                credentials:
                  - { name: a, key: first-key, max_concurrent: 20 }
                  - { name: b, key: second-key, max_concurrent: 20 }
                polling: { first: 100ms, ceiling: 400ms }
                timeouts: { request: 2s }
            """
        }
        return "providers:\n\(providers.joined(separator: "\n"))\n"
    }

    // MARK: Gateways

    /// Starts a gateway of the house.
    ///
    /// `words` is a command that becomes the program, which is added to it.
    func start(_ number: Int, environment: [String: String] = [:], under words: [String] = []) throws
        -> Program
    {
        try Program(
            ["serve", "--config", "soundgate.yaml"],
            in: replicas[number].folder,
            environment: environment,
            under: words
        )
    }

    /// A gateway by itself.
    func peer(_ number: Int) -> Peer {
        Peer(address: replicas[number].port.origin, client: doubles.client)
    }

    /// Returns when a gateway says that it is ready.
    @discardableResult
    func ready(_ number: Int, _ program: Program) async throws -> Peer {
        let peer = peer(number)
        return try await program.wait(for: "readiness", within: .seconds(60)) {
            do {
                return try await peer.get("/readyz").status == 200 ? peer : nil
            } catch is TransportFailure {
                return nil
            }
        }
    }

    /// Has the database end every connection of the gateways.
    func cutConnections() async throws {
        try await database.administer { pool in
            _ = try await pool.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
            )
        }
    }
}
