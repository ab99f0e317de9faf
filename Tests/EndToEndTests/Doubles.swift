import Glibc
import JSON
import Testing

/// What the doubles' control route tells and takes.
extension Peer {
    /// The calls that the doubles saw, oldest first: `vendor=kie&operation=create`.
    func calls(_ query: String = "") async throws -> [JSONValue] {
        try #require(try await get("/_control/log?\(query)").json["calls"]?.array)
    }

    /// Scripts a fault, or several.
    func script(_ fault: JSONValue) async throws {
        let answer = try await post("/_control/faults", fault)
        try #require(answer.status == 201, "\(answer.json)")
    }

    /// Turns switches of a vendor's double.
    func turn(_ vendor: String, _ switches: JSONObject) async throws {
        var switches = switches
        switches["vendor"] = .string(vendor)
        let answer = try await post("/_control/settings", .object(switches))
        try #require(answer.status == 200, "\(answer.json)")
    }
}

extension JSONValue {
    /// Whether it is an object with these members among others; 4 and 4.0 are the same.
    func holds(_ members: JSONObject) -> Bool {
        members.allSatisfy { member in
            guard let value = self[member.key] else { return false }
            return value == member.value || value.double.map { $0 == member.value.double } == true
        }
    }

    /// How many callbacks of each kind a provider of `/v1/providers` has had.
    func callbackCounts(of provider: String) -> [String: Int64] {
        let counts =
            self["data"]?.array?.first { $0["name"]?.string == provider }?["callbacks"]?.object ?? [:]
        return counts.reduce(into: [:]) { found, member in found[member.key] = member.value.integer }
    }
}

/// Runs the vendors' doubles, so many times faster than the vendors.
func withDoubles(speed: Double, _ body: (Peer, Folder) async throws -> Void) async throws {
    try await Folder.with { folder in
        let program = try Program(["emulate", "--listen", "127.0.0.1:0", "--speed", "\(speed)"], in: folder)
        defer { program.send(SIGKILL) }
        try await withClient { client in
            try await body(try await program.peer(client, ready: "/healthz"), folder)
        }
        #expect(await program.stop() == 0, "\(program.errors)")
    }
}

/// A gateway's configuration in front of the doubles.
struct DoubledVendors {
    var names = ["sunoapi"]
    var polling = "{ first: 100ms, ceiling: 200ms }"
    /// Where the doubles call back; nowhere when `nil`.
    var port: LoopbackPort?
    /// What each vendor signs with, where it is told.
    var secrets: [String: String] = [:]

    /// The configuration as a file's text.
    func text(at doubles: Peer) -> String {
        let entries = names.map { name in
            let secret = secrets[name].map { "\n    webhook_secret: \"\($0)\"" } ?? ""
            return """
                  \(name):
                    base_url: \(doubles.address)/\(name)
                    credentials: [ { name: main, key: "${env:VENDOR_KEY}" } ]
                    polling: \(polling)\(secret)
                """
        }
        let server = port.map { ["server: { public_url: \"\($0.origin)\" }"] } ?? []
        return (server + ["providers:"] + entries).joined(separator: "\n") + "\n"
    }

    /// The keys that the configuration names.
    static let environment = ["VENDOR_KEY": "a-vendor-key"]
}

/// Runs the vendors' doubles, and a gateway that has those named for vendors.
func withEmulatedVendors(
    _ vendors: [String] = ["sunoapi"],
    speed: Double = 50,
    _ body: (_ gateway: Peer, _ doubles: Peer, Folder) async throws -> Void
) async throws {
    try await withEmulatedVendors(DoubledVendors(names: vendors), speed: speed, body)
}

/// Runs the vendors' doubles, and a gateway as it is described.
func withEmulatedVendors(
    _ vendors: DoubledVendors,
    speed: Double = 50,
    _ body: (_ gateway: Peer, _ doubles: Peer, Folder) async throws -> Void
) async throws {
    try await withDoubles(speed: speed) { doubles, _ in
        try await withGateway(
            config: vendors.text(at: doubles),
            port: vendors.port?.number ?? 0,
            environment: DoubledVendors.environment
        ) { gateway, folder in
            try await body(gateway, doubles, folder)
        }
    }
}

/// The repository's `config/emulators.yaml`, between doubles and a gateway at other ports than it names.
func emulatorsConfig(_ doubles: Peer, _ port: LoopbackPort) throws -> String {
    let path = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let stream = try #require(fopen("/\(path)/config/emulators.yaml", "r"))
    defer { fclose(stream) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = fread(&bytes, 1, bytes.count, stream)
    let text = String(decoding: bytes.prefix(count), as: UTF8.self)
    let moved = text.replacing("http://127.0.0.1:9090", with: doubles.address)
    return moved.replacing("http://127.0.0.1:8080", with: port.origin)
}

/// Runs the doubles and a gateway in front of all of them, by the repository's own configuration.
func withEveryVendor(
    speed: Double = 50,
    _ body: (_ gateway: Peer, _ doubles: Peer, Folder) async throws -> Void
) async throws {
    try await withDoubles(speed: speed) { doubles, _ in
        let port = try LoopbackPort()
        try await withGateway(config: try emulatorsConfig(doubles, port), port: port.number) {
            gateway,
            folder in
            try await body(gateway, doubles, folder)
        }
    }
}
