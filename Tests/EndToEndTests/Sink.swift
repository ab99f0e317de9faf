import EventLoop
import HTTP
import HTTPServer
import JSON
import Threads

/// A receiver of webhooks in this process, at a port that is known before anybody listens there.
final class Sink: Sendable {
    /// Something that came.
    struct Letter: Sendable {
        let fields: Fields
        let body: [UInt8]

        var id: String { fields["webhook-id"] ?? "" }
        /// The document; `null` for a body that is none.
        var json: JSONValue {
            do throws(JSONError) { return try JSONValue(parsing: body) } catch { return .null }
        }
        var type: String { json["type"]?.string ?? "" }
        var task: String { json["data"]?["id"]?.string ?? "" }
    }

    private struct State {
        var letters: [Letter] = []
        var status: Int? = 200
        /// The ids of messages that came, where the first try of some is refused.
        var seen: Set<String>?
    }

    private let port: LoopbackPort
    private let loop: EventLoop
    private let state = Guarded(State())
    private let server: Server

    /// Where webhooks are to go.
    var url: String { "\(port.origin)/hook?key=hunter2" }
    /// Everything that came, in the order in which it came.
    var letters: [Letter] { state.withLock { $0.letters } }

    private init() throws {
        port = try LoopbackPort()
        loop = try EventLoop(name: "sink")
        try loop.start()
        let address = ListenAddress.tcp(host: "127.0.0.1", port: UInt16(port.number))
        server = Server(addresses: [address], loops: [loop]) { [state] request in
            do {
                let body = try await request.body.collect(upTo: 1 << 20)
                let letter = Letter(fields: request.fields, body: body)
                let status = state.withLock { state in
                    state.letters.append(letter)
                    let isFirst = state.seen?.insert(letter.id).inserted == true
                    return isFirst && state.letters.count % 20 == 0 ? 500 : state.status
                }
                // Longer than anybody waits.
                if status == nil { try await Task.sleep(for: .seconds(3600)) }
                return Response(Status(status ?? 500))
            } catch {
                return Response(.badRequest)
            }
        }
    }

    /// Answers with a status from now on; not at all with `nil`.
    func answer(_ status: Int?) { state.withLock { $0.status = status } }

    /// Refuses one message in about twenty from now on, but none a second time.
    func refuseSome() { state.withLock { $0.seen = [] } }

    /// Begins to listen.
    func open() async throws { _ = try await server.start() }

    /// Lends a sink that does not listen yet.
    static func with(_ body: (Sink) async throws -> Void) async throws {
        let sink = try Sink()
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(sink))
        } catch {
            result = .failure(error)
        }
        await sink.server.stop(within: .zero)
        sink.loop.stop()
        sink.loop.join()
        try result.get()
    }
}
