import EventLoop
import HTTP
import HTTPClient
import JSON
import TLS
import Threads

/// A running gateway, asked over HTTP on a loop of its own.
final class GatewayClient: Sendable {
    /// Where the gateway is, without a slash at its end.
    let origin: HTTPURL
    private let key: String?
    private let loop: EventLoop
    private let http: HTTPClient

    private static let server = Option(
        "--server",
        value: "URL",
        summary: "the gateway to ask (default http://127.0.0.1:8080)"
    )
    private static let clientKey = Option(
        "--client-key",
        value: "KEY",
        summary: "the client key, where the gateway wants one (default: $SOUNDGATE_KEY)"
    )

    private static let authorities = Option(
        "--ca",
        value: "FILE",
        summary: "trust these authorities instead of the system's (default: $SSL_CERT_FILE)"
    )

    /// What every command that asks a gateway takes.
    static let options = [server, clientKey, authorities]

    private init(_ invocation: Invocation) throws {
        let text = invocation.text(Self.server) ?? "http://127.0.0.1:8080"
        guard let url = HTTPURL(text), url.query == nil else {
            throw invocation.misread(Self.server, "a URL such as http://127.0.0.1:8080")
        }
        let key = invocation.text(Self.clientKey) ?? Environment["SOUNDGATE_KEY"]
        self.key = key.flatMap { $0.isEmpty ? nil : $0 }
        origin = url
        loop = try EventLoop(name: "client")
        var configuration = HTTPClient.Configuration()
        configuration.userAgent = "soundgate-cli/\(version)"
        configuration.certificateAuthorities = try Self.authorityFile(invocation)
        http = HTTPClient(loops: [loop], configuration)
        try loop.start()
    }

    private static func authorityFile(_ invocation: Invocation) throws -> String? {
        let given = invocation.text(authorities)
        guard let path = given ?? Environment["SSL_CERT_FILE"], !path.isEmpty else { return nil }
        do throws(TLSFileError) {
            _ = try AuthorityFile.check(path)
            return path
        } catch {
            throw CommandFailure(.noInput, "\(given == nil ? "SSL_CERT_FILE: " : "")\(error)")
        }
    }

    /// Lends a client to `body`, and shows a refusal in the way the command line asks for.
    static func with(
        _ invocation: Invocation,
        _ body: (GatewayClient) async throws -> ExitStatus
    ) async throws -> ExitStatus {
        let client = try GatewayClient(invocation)
        do {
            let status = try await body(client)
            await client.close()
            return status
        } catch let refusal as Refusal {
            await client.close()
            refusal.show(asJSON: invocation.has(.json))
            return refusal.status
        } catch {
            await client.close()
            throw error
        }
    }

    private func close() async {
        await http.shutdown()
        loop.stop()
        loop.join()
    }

    // MARK: Calls

    /// Asks for a document; with `wait`, the answer may take that many seconds longer.
    ///
    /// - Throws: `Refusal` for what the gateway says no to, `CommandFailure` when it does not answer.
    func get(_ path: String, query: String? = nil, wait: Int? = nil) async throws -> JSONValue {
        var fields: Fields = [:]
        if let wait { fields["Prefer"] = "wait=\(wait)" }
        return try await call(.get, path, query, fields, nil)
    }

    /// Posts a document and returns the answer's.
    ///
    /// - Throws: `Refusal` for what the gateway says no to, `CommandFailure` when it does not answer.
    func post(_ path: String, _ body: JSONObject?) async throws -> JSONValue {
        var fields: Fields = [:]
        if body != nil { fields["Content-Type"] = "application/json" }
        return try await call(.post, path, nil, fields, body.map { JSONValue.object($0).serialized() })
    }

    /// Asks for text of another form than JSON, as it comes.
    ///
    /// - Throws: `Refusal` for what the gateway says no to, `CommandFailure` when it does not answer.
    func bytes(_ path: String, query: String) async throws -> [UInt8] {
        let answer = try await exchange(.get, path, query, [:], nil)
        guard answer.status.isSuccess else { throw Refusal(answer.status, try document(answer)) }
        return answer.body
    }

    /// Hands a file to `sink` as it comes.
    func download(_ path: String, maximumBytes: Int, to sink: some ByteSink) async throws(TransportFailure) {
        let request = UpstreamRequest(
            .get,
            url(path),
            // From the gateway alone: an object store behind it may be out of reach from here.
            fields: authorized(["Prefer": "proxied"]),
            timeouts: .init(firstByte: .seconds(30), total: .seconds(3600)),
            maximumBytes: maximumBytes
        )
        _ = try await http.download(request, to: sink)
    }

    private func call(
        _ method: HTTP.Method,
        _ path: String,
        _ query: String?,
        _ fields: Fields,
        _ body: [UInt8]?
    ) async throws -> JSONValue {
        let answer = try await exchange(method, path, query, fields, body)
        let value = try document(answer)
        guard answer.status.isSuccess else { throw Refusal(answer.status, value) }
        return value
    }

    private func exchange(
        _ method: HTTP.Method,
        _ path: String,
        _ query: String?,
        _ fields: Fields,
        _ body: [UInt8]?
    ) async throws -> UpstreamResponse {
        do throws(TransportFailure) {
            return try await http.send(
                UpstreamRequest(
                    method,
                    url(path) + (query.map { "?\($0)" } ?? ""),
                    fields: authorized(fields),
                    body: body,
                    maximumBytes: 64 << 20
                )
            )
        } catch {
            if error.reason == .cancelled { throw CancellationError() }
            throw Unreachable(origin: origin, failure: error)
        }
    }

    private func document(_ answer: UpstreamResponse) throws(CommandFailure) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: answer.body)
        } catch {
            throw CommandFailure(
                .protocolError,
                "\(origin.origin) answers \(answer.status) without JSON; is it a soundgate?"
            )
        }
    }

    private func authorized(_ fields: Fields) -> Fields {
        var fields = fields
        if let key { fields["Authorization"] = "Bearer \(key)" }
        return fields
    }

    /// The full address of a path at the gateway.
    func url(_ path: String) -> String { origin.appending(path: path).description }
}

extension Option {
    /// The choice of machine-readable output.
    static let json = Option("--json", summary: "print JSON instead of text")
}
