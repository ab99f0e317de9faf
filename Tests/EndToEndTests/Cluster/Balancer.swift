import HTTP
import HTTPClient
import HTTPServer
import Threads

/// What stands before several gateways: each request goes to the next one that can be reached.
///
/// It does what a balancer may: a request that was not sent goes to another gateway, one that may have been sent is
/// answered with 502.
final class Balancer: Sendable {
    private struct State {
        var turn = 0
        var broken: [String] = []
    }

    private static let hopByHop: Set = [
        "host", "content-length", "connection", "transfer-encoding", "keep-alive",
    ]

    private let origins: [String]
    private let client: HTTPClient
    private let state = Guarded(State())

    init(_ origins: [String], _ client: HTTPClient) {
        self.origins = origins
        self.client = client
    }

    /// Requests that came to nobody, or to one that ended in the middle, each with what became of it.
    var broken: [String] { state.withLock(\.broken) }

    /// Forgets what has gone wrong so far.
    func forget() { state.withLock { $0.broken = [] } }

    func answer(_ request: Request) async -> Response {
        do {
            let content = try await request.body.collect(upTo: 1 << 20)
            return try await pass(on: request, content)
        } catch {
            state.withLock { $0.broken.append("\(request.method) \(request.target.path): \(error)") }
            return Response(.badGateway)
        }
    }

    private static func passed(_ fields: Fields) -> Fields {
        var kept: Fields = [:]
        for field in fields where !hopByHop.contains(field.name.lowercased()) {
            kept.append(field.name, field.value)
        }
        return kept
    }

    private func pass(on request: Request, _ content: [UInt8]) async throws -> Response {
        let first = state.withLock { state in
            state.turn += 1
            return state.turn
        }
        // A gateway that is started again is there soon.
        for _ in 0..<200 {
            for number in origins.indices {
                let upstream = UpstreamRequest(
                    request.method,
                    "\(origins[(first + number) % origins.count])\(request.target)",
                    fields: Self.passed(request.fields),
                    body: content.isEmpty ? nil : content
                )
                if let response = try await send(upstream) { return response }
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw NobodyThere()
    }

    /// What a gateway answers; `nil` when nothing has reached it.
    private func send(_ upstream: UpstreamRequest) async throws(TransportFailure) -> Response? {
        let answer: UpstreamResponse
        do throws(TransportFailure) {
            answer = try await client.send(upstream)
        } catch {
            guard error.delivery == .notSent else { throw error }
            return nil
        }
        let type = answer.fields["Content-Type"] ?? "application/octet-stream"
        var response = Response(answer.status, contentType: type, answer.body)
        for field in Self.passed(answer.fields) where field.name.lowercased() != "content-type" {
            response.fields.append(field.name, field.value)
        }
        return response
    }

    /// No gateway could be reached for a long while.
    struct NobodyThere: Error {}
}
