import HTTP
package import HTTPServer
import JSON
import Threads

/// The double of an OpenTelemetry collector: takes OTLP over HTTP in JSON at `/v1/traces`, and holds what it gets against
/// the specification.
///
/// Not a vendor: it stands beside the others, on a server of whoever tests with it.
package final class CollectorDouble: Sendable {
    /// What it has got and how it behaves.
    package struct State: Sendable {
        /// Every span so far, in the order in which they came.
        package fileprivate(set) var spans: [ReceivedSpan] = []
        /// What was wrong with what came.
        package fileprivate(set) var complaints: [String] = []
        /// How many spans came in each request that was taken.
        package fileprivate(set) var batches: [Int] = []
        /// Requests so far, refused ones included.
        package fileprivate(set) var requests = 0
        /// The value that the field `Authorization` must have.
        package var authorization: String?
        /// Answers that it gives first, one after another: a status, and a `Retry-After`.
        package var refusals: [(status: Int, retryAfter: String?)] = []
        /// Answers with this status whatever comes.
        package var outage: Int?
        /// How many spans of the next request it says to have refused.
        package var rejects = 0
    }

    private let state = Guarded(State())

    /// A collector with nothing in it.
    package init() {}

    /// Looks at it, or changes it.
    @discardableResult
    package func change<Result>(_ body: (inout State) -> Result) -> Result { state.withLock { body(&$0) } }

    /// Every span so far.
    package var spans: [ReceivedSpan] { state.withLock { $0.spans } }

    /// What is wrong with what came so far, links between spans included.
    ///
    /// With `isWhole`, all spans are there: then each parent must be too, unless it is one of `remote`.
    package func complaints(isWhole: Bool = false, remote: Set<String> = []) -> [String] {
        state.withLock { state in
            var complaints = state.complaints
            var known: [String: ReceivedSpan] = [:]
            for span in state.spans where known.updateValue(span, forKey: span.span) != nil {
                complaints.append("\(span.name): told of twice")
            }
            for span in state.spans {
                guard let id = span.parent else { continue }
                if let parent = known[id] {
                    if parent.trace != span.trace {
                        complaints.append("\(span.name): its parent is in another trace")
                    }
                } else if isWhole, !remote.contains(id) {
                    complaints.append("\(span.name): its parent \(id) is not there")
                }
            }
            return complaints
        }
    }

    /// Answers a request.
    package func respond(to request: Request) async -> Response {
        guard request.target.path == "/v1/traces" else { return Response(.notFound) }
        let body: [UInt8]
        do {
            body = try await request.body.collect(upTo: 4 << 20)
        } catch {
            return Response(.contentTooLarge)
        }
        return state.withLock { $0.answer(request, body) }
    }
}

extension CollectorDouble.State {
    fileprivate mutating func answer(_ request: Request, _ body: [UInt8]) -> Response {
        requests += 1
        if let outage { return Response(Status(outage)) }
        if !refusals.isEmpty {
            let refusal = refusals.removeFirst()
            var response = Response(Status(refusal.status))
            response.fields["Retry-After"] = refusal.retryAfter
            return response
        }
        if let authorization, request.fields["Authorization"] != authorization {
            return Response(.unauthorized)
        }
        guard request.method == .post else { return Response(.methodNotAllowed) }
        guard request.fields["Content-Type"] == "application/json" else {
            return Response(.unsupportedMediaType)
        }
        do {
            let new = try ReceivedSpan.list(try JSONValue(parsing: body))
            spans += new
            batches.append(new.count)
        } catch {
            complaints.append("\(error)")
            return Response(.badRequest)
        }
        defer { rejects = 0 }
        let answer = rejects > 0 ? #"{"partialSuccess":{"rejectedSpans":"\#(rejects)"}}"# : "{}"
        return Response(.ok, contentType: "application/json", Array(answer.utf8))
    }
}
