import EventLoop
import Glibc
import HTTP
import HTTPClient
import HTTPServer
import JSON
import Testing

/// A server that a test talks to: a gateway or the doubles, by its address.
struct Peer: Sendable {
    let address: String
    let client: HTTPClient

    /// An answer with its body read as JSON where it is some.
    struct Answer: Sendable {
        let status: Int
        let fields: Fields
        let bytes: [UInt8]

        /// The document; `null` for a body that is none.
        var json: JSONValue {
            do throws(JSONError) { return try JSONValue(parsing: bytes) } catch { return .null }
        }
    }

    func get(_ path: String, wait: Int? = nil, fields: Fields = [:]) async throws -> Answer {
        try await send(.get, path, nil, wait: wait, fields: fields)
    }

    func post(_ path: String, _ body: JSONValue?, wait: Int? = nil, fields: Fields = [:]) async throws
        -> Answer
    {
        var fields = fields
        if body != nil { fields["Content-Type"] = "application/json" }
        return try await send(.post, path, body?.serialized(), wait: wait, fields: fields)
    }

    func send(
        _ method: HTTP.Method,
        _ path: String,
        _ body: [UInt8]?,
        wait: Int? = nil,
        fields: Fields = [:]
    ) async throws -> Answer {
        var fields = fields
        if let wait { fields["Prefer"] = "wait=\(wait)" }
        let timeouts = UpstreamRequest.Timeouts(firstByte: .seconds(130), total: .seconds(140))
        let response = try await client.send(
            UpstreamRequest(
                method,
                "\(address)\(path)",
                fields: fields,
                body: body,
                timeouts: timeouts,
                maximumBytes: 64 << 20
            )
        )
        return Answer(status: response.status.code, fields: response.fields, bytes: response.body)
    }

    /// Creates a sound and waits for its end.
    func sound(_ request: JSONValue) async throws -> JSONValue {
        let created = try await post("/v1/sounds", request, wait: 60)
        try #require([200, 202].contains(created.status), "\(created.json)")
        return try await ended(try #require(created.json["id"]?.string))
    }

    /// The task once it has ended.
    func ended(_ id: String) async throws -> JSONValue {
        for _ in 0..<6 {
            let task = try await get("/v1/sounds/\(id)", wait: 60).json
            if ["succeeded", "failed", "canceled"].contains(task["status"]?.string) { return task }
        }
        throw NeverEnded(id: id)
    }

    /// A task that is still running when it should long have ended.
    struct NeverEnded: Error { let id: String }

    /// Saves the audio of an output in the folder, and returns its path.
    func audio(_ index: Int, of task: JSONValue, in folder: Folder) async throws -> String {
        let id = try #require(task["id"]?.string)
        let answer = try await get("/v1/sounds/\(id)/audio/\(index)")
        try #require(answer.status == 200)
        let path = folder.file("\(id)-\(index)")
        let stream = try #require(fopen(path, "w"))
        defer { fclose(stream) }
        try #require(fwrite(answer.bytes, 1, answer.bytes.count, stream) == answer.bytes.count)
        return path
    }
}

/// Lends an HTTP client on a loop of its own.
func withClient<Result>(
    _ configuration: HTTPClient.Configuration = HTTPClient.Configuration(),
    _ body: (HTTPClient) async throws -> Result
) async throws -> Result {
    let loop = try EventLoop(name: "test")
    try loop.start()
    let client = HTTPClient(loops: [loop], configuration)
    let result: Swift.Result<Result, any Error>
    do {
        result = .success(try await body(client))
    } catch {
        result = .failure(error)
    }
    await client.shutdown()
    loop.stop()
    loop.join()
    return try result.get()
}

extension Program {
    /// The address in its line `listening on …`, once it answers there.
    func peer(_ client: HTTPClient, ready path: String) async throws -> Peer {
        let address = try await wait(for: "its address") { () -> String? in
            let text = errors
            guard let start = text.firstRange(of: "http://127.0.0.1:") else { return nil }
            let port = text[start.upperBound...].prefix { $0.isNumber }
            // The digits could be cut by a write that is under way.
            guard text[start.upperBound...].count > port.count else { return nil }
            return "http://127.0.0.1:\(port)"
        }
        let peer = Peer(address: address, client: client)
        return try await wait(for: "an answer at \(path)") {
            do {
                return try await peer.get(path).status == 200 ? peer : nil
            } catch is TransportFailure {
                return nil
            }
        }
    }

    /// Starts a gateway on a port of loopback; 0 is any that is free.
    static func gateway(
        _ arguments: [String] = [],
        in folder: Folder,
        port: Int = 0,
        environment: [String: String] = [:]
    ) throws -> Program {
        let words = ["serve", "--listen", "127.0.0.1:\(port)"] + arguments
        return try Program(words, in: folder, environment: environment)
    }
}

/// Runs a gateway in a new folder, lends both, and stops it in order.
func withGateway(
    config: String? = nil,
    port: Int = 0,
    environment: [String: String] = [:],
    _ body: (Peer, Folder) async throws -> Void
) async throws {
    try await Folder.with { folder in
        var arguments: [String] = []
        if let config { arguments = ["--config", try folder.write(config, to: "soundgate.yaml")] }
        let program = try Program.gateway(arguments, in: folder, port: port, environment: environment)
        defer { program.send(SIGKILL) }
        try await withClient { client in
            let peer = try await program.peer(client, ready: "/readyz")
            try await body(peer, folder)
        }
        #expect(await program.stop() == 0, "\(program.errors)")
    }
}

/// Polls until `condition` holds; a failure when it does not in time.
func eventually<Value>(
    _ what: @autoclosure () -> String,
    within limit: Duration = .seconds(60),
    _ condition: () async throws -> Value?
) async throws -> Value {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while clock.now < deadline {
        if let value = try await condition() { return value }
        try await Task.sleep(for: .milliseconds(20))
    }
    throw NeverCame(what: what())
}

/// Something that did not come about in time.
struct NeverCame: Error { let what: String }

/// Lends the address of a server in this process, on a port of its own unless one is given.
func withServer(
    _ name: String,
    on port: UInt16 = 0,
    _ handler: @escaping Handler,
    _ body: (String) async throws -> Void
) async throws {
    let loop = try EventLoop(name: name)
    try loop.start()
    let server = Server(addresses: [.tcp(host: "127.0.0.1", port: port)], loops: [loop], handler: handler)
    let result: Result<Void, any Error>
    do {
        let bound = try #require(try await server.start().first?.port)
        result = .success(try await body("http://127.0.0.1:\(bound)"))
    } catch {
        result = .failure(error)
    }
    await server.stop(within: .zero)
    loop.stop()
    loop.join()
    try result.get()
}
