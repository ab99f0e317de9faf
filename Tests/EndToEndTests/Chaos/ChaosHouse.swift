import Glibc
import HTTPClient
import JSON
import Testing

/// The doubles of all vendors, misbehaving at random, and a gateway before them that is started again and again.
struct ChaosHouse: Sendable {
    let doubles: Peer
    let folder: Folder
    let port: LoopbackPort
    /// What is told of some tasks.
    let sink: Sink

    /// Lends a house; the doubles live through all of it, the gateway is the borrower's to start and kill.
    static func with(_ scale: ChaosScale, _ body: (ChaosHouse) async throws -> Void) async throws {
        try await Folder.with { folder in
            // Each life and each task leaves calls to be counted at the end.
            let retention = max(scale.tasks * 100, 100_000)
            let program = try Program(
                ["emulate", "--listen", "127.0.0.1:0", "--speed", "50", "--retention", "\(retention)"],
                in: folder
            )
            defer { program.send(SIGKILL) }
            try await Sink.with { sink in
                try await sink.open()
                sink.refuseSome()
                try await withClient { client in
                    let house = ChaosHouse(
                        doubles: try await program.peer(client, ready: "/healthz"),
                        folder: folder,
                        port: try LoopbackPort(),
                        sink: sink
                    )
                    try await house.prepare(scale)
                    try await body(house)
                }
            }
            #expect(await program.stop() == 0, "\(program.errors)")
        }
    }

    private func prepare(_ scale: ChaosScale) async throws {
        try await doubles.turn("elevenlabs", ["maximum_concurrent_requests": 1000])
        try await doubles.turn("musicgpt", ["parallel_music": 0])
        try folder.write(config(), to: "before.yaml")
        let words = [
            "webhooks", "register", "videogen", "--config", "before.yaml", "--secret-file", "signing",
        ]
        let run = try await Program.run(words, in: folder)
        try #require(run.status == 0, "\(run.errors)")
        try folder.write(config(videoGenSecret: "${file:\(folder.file("signing"))}"), to: "soundgate.yaml")
        try await doubles.script(ChaosFaults.script(scale))
    }

    /// Starts the gateway on what the last one has left.
    func start() throws -> Program {
        try Program(["serve", "--config", "soundgate.yaml"], in: folder)
    }

    /// The gateway's address, once it says that it is ready.
    func ready(_ program: Program) async throws -> Peer {
        let peer = Peer(address: port.origin, client: doubles.client)
        return try await program.wait(for: "readiness") {
            do {
                return try await peer.get("/readyz").status == 200 ? peer : nil
            } catch is TransportFailure {
                return nil
            }
        }
    }

    private func config(videoGenSecret: String? = nil) -> String {
        let providers = ChaosFaults.vendors.map { vendor in
            let secret =
                vendor.name == "videogen"
                ? videoGenSecret.map { "\n    webhook_secret: \"\($0)\"" } ?? "" : ""
            return """
                  \(vendor.name):
                    base_url: \(doubles.address)/\(vendor.name)
                    credentials:
                      - { name: a, key: first-key, max_concurrent: 20 }
                      - { name: b, key: second-key, max_concurrent: 20 }
                    polling: { first: 100ms, ceiling: 400ms }
                    timeouts: { request: 2s }\(secret)
                """
        }
        return """
            server: { listen: "127.0.0.1:\(port.number)", public_url: "\(port.origin)" }
            assets: { fetch_for: 10s }
            log: { level: info, format: json }
            providers:
            \(providers.joined(separator: "\n"))

            """
    }

    // MARK: The end

    /// What `soundgate doctor` says of the gateway's folder, line by line; the gateway must not run.
    func doctor(_ arguments: String...) async throws -> [String] {
        let words = ["doctor", "--config", "soundgate.yaml"] + arguments
        let run = try await Program.run(words, in: folder, within: .seconds(300))
        try #require(run.status <= 1, "\(run.errors)")
        return run.output.split(separator: "\n").map { String($0) }
    }

    /// Keeps everything for whoever looks for the cause of a failure; the result says where.
    func preserve(_ evidence: JSONValue, seed: UInt64) throws -> String {
        try folder.write(evidence.prettyPrinted(), to: "evidence.json")
        let place = "/tmp/soundgate-chaos-\(seed)-\(getpid())"
        try #require(rename(folder.path, place) == 0)
        return place
    }
}
