import EventLoop
import HTTP
import HTTPClient
import Testing

/// The bytes of an answer with a length.
func answer(_ status: Int = 200, _ body: String = "ok", fields: [String] = []) -> String {
    let lines = ["HTTP/1.1 \(status) Word", "Content-Length: \(body.utf8.count)"] + fields
    return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
}

/// Lends a client on one fresh loop and shuts it down.
func withClient<Result>(
    _ configuration: HTTPClient.Configuration = HTTPClient.Configuration(),
    _ body: (HTTPClient, EventLoop) async throws -> Result
) async throws -> Result {
    let loop = try EventLoop(name: "client")
    try loop.start()
    let client = HTTPClient(loops: [loop], configuration)
    do {
        let result = try await body(client, loop)
        await client.shutdown()
        loop.stop()
        return result
    } catch {
        await client.shutdown()
        loop.stop()
        throw error
    }
}

/// The failure of a call that must fail.
func failing(
    _ call: () async throws -> UpstreamResponse,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws -> TransportFailure {
    do {
        let response = try await call()
        Issue.record("answered \(response.status)", sourceLocation: sourceLocation)
    } catch let failure as TransportFailure {
        return failure
    }
    throw Unexpected()
}

struct Unexpected: Error {}

extension UpstreamResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}

extension UpstreamRequest {
    static func post(_ url: String, _ body: String = #"{"a":1}"#) -> UpstreamRequest {
        UpstreamRequest(.post, url, fields: ["Content-Type": "application/json"], body: Array(body.utf8))
    }

    static func get(_ url: String) -> UpstreamRequest { UpstreamRequest(.get, url) }

    func with(_ change: (inout UpstreamRequest) -> Void) -> UpstreamRequest {
        var copy = self
        change(&copy)
        return copy
    }
}
