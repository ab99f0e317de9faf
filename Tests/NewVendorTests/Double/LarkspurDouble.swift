import HTTP
import HTTPServer
import JSON
import Threads

/// A double of Larkspur's API, from its documents alone: it shares no code with the adapter.
final class LarkspurDouble: Sendable {
    /// What happens to a create.
    enum Create: Sendable {
        case take
        /// Refused with a status and a code.
        case refuse(Int, String)
        /// Taken, and answered with a page of something in between.
        case lose
    }

    private struct State {
        var creates: [Create]
        var bodies: [JSONValue] = []
        var polls: [String: Int] = [:]
    }

    private let state: Guarded<State>

    /// A double that does with creates in turn what is listed, and takes those after them.
    init(_ creates: [Create] = []) { state = Guarded(State(creates: creates)) }

    /// The bodies of all creates, in order.
    var bodies: [JSONValue] { state.withLock { $0.bodies } }

    func answer(_ request: Request, at address: String) async throws -> Response {
        guard request.target.path.hasPrefix("/v1/") else {
            return Response(.ok, contentType: "audio/wav", Self.second)
        }
        guard request.fields["x-api-key"] == "lark-key" else { return json(401, ["error": "bad_key"]) }
        guard request.method == .post else { return poll(request.target.path, at: address) }
        let body = try JSONValue(parsing: try await request.body.collect(upTo: 1 << 16))
        let (create, number) = state.withLock { state -> (Create, Int) in
            state.bodies.append(body)
            return (state.creates.isEmpty ? .take : state.creates.removeFirst(), state.bodies.count)
        }
        switch create {
        case .take: return json(201, ["job": .string("lk_\(number)")])
        case .refuse(let status, let code): return json(status, ["error": .string(code)])
        case .lose: return Response(Status(502), contentType: "text/html", Array("<h1>Bad Gateway</h1>".utf8))
        }
    }

    /// The first question finds a job at work, the second finds it done.
    private func poll(_ path: String, at address: String) -> Response {
        let count = state.withLock { state in
            state.polls[path, default: 0] += 1
            return state.polls[path, default: 0]
        }
        if count == 1 { return json(200, ["state": "working", "percent": 40]) }
        return json(200, ["state": "done", "file": .string("\(address)/files/a.wav")])
    }

    private func json(_ status: Int, _ body: JSONValue) -> Response {
        Response(Status(status), contentType: "application/json", body.serialized())
    }

    /// A second of a saw tooth: 8,000 samples of 16 bits behind the header of a WAV file.
    private static let second: [UInt8] = {
        func little(_ value: Int, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let samples = (0..<8000).flatMap { little(($0 % 40) * 500 - 10_000, 2) }
        let format =
            little(1, 2) + little(1, 2) + little(8000, 4) + little(16_000, 4) + little(2, 2) + little(16, 2)
        return Array("RIFF".utf8) + little(36 + samples.count, 4) + Array("WAVEfmt ".utf8) + little(16, 4)
            + format
            + Array("data".utf8) + little(samples.count, 4) + samples
    }()
}
