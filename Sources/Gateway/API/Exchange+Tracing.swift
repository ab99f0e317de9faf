import HTTP
import HTTPServer
import Sound
import Telemetry

/// The span of a request, by the semantic conventions for HTTP servers.
extension Exchange {
    /// Where the path is not told: the one of a vendor's callback has a token in it.
    private static let callbacks = "/v1/callbacks/"

    private static let methods: Set<HTTP.Method> = [
        .get, .head, .post, .put, .delete, .options, .patch, .trace, .connect,
    ]

    /// Asked every few seconds by something that keeps no traces, and of no interest to anybody else.
    static func isProbe(_ request: Request) -> Bool {
        switch request.target.path {
        case "/healthz", "/readyz", "/metrics": true
        default: false
        }
    }

    static func begin(
        _ tracer: Tracer,
        _ request: Request,
        at context: TraceContext,
        _ parent: TraceContext?,
        _ state: String?
    ) -> TraceSpan? {
        let place = parent.map { SpanRecord.Parent($0.span, isRemote: true) }
        let span = tracer.begin("request", .server, at: context, parent: place, state: state)
        guard let span else { return nil }
        let method = methods.contains(request.method) ? request.method.rawValue : "_OTHER"
        span["http.request.method"] = .string(method)
        span["url.scheme"] = request.isSecure ? "https" : "http"
        span["client.address"] = .string(request.peer.host)
        if let authority = request.fields["Host"].flatMap({ Authority($0[...]) }) {
            span["server.address"] = .string(authority.host)
            span["server.port"] = authority.port.map { SpanValue(Int($0)) }
        }
        return span
    }

    /// Tells how the request was answered, and ends its span.
    func endSpan(_ request: Request, _ response: Response) {
        guard let span else { return }
        let method = span["http.request.method"]?.string ?? "_OTHER"
        span.rename(response.route.map { "\(method) \($0)" } ?? method)
        span["http.route"] = response.route.map { .string($0) }
        // What no route knows may be an address with a slip in it, and a secret.
        if let route = response.route {
            span["url.path"] = .string(route.hasPrefix(Self.callbacks) ? route : request.target.path)
        }
        span["http.response.status_code"] = SpanValue(response.status.code)
        span["soundgate.request_id"] = .string(requestID)
        if case .admitted(let caller, _)? = entrance {
            span["soundgate.client"] = caller.name.map { .string($0) }
        }
        if response.status.code >= 500 { span.fail("\(response.status.code)") }
        span.end()
    }

    /// Tells of which task the request that is being answered is.
    static func note(task id: TaskID) { current?.span?["soundgate.task.id"] = .string(id.rawValue) }

    /// What is kept of the request with a task that it makes.
    ///
    /// Where its trace is recorded, the task gets a span of its own, in which all that is done for it later is.
    var provenance: Provenance {
        guard let span else {
            return Provenance(requestID: requestID, traceparent: traceparent, tracestate: tracestate)
        }
        return Provenance(
            requestID: requestID,
            traceparent: span.context.child().traceparent,
            parent: "\(span.context.span)",
            tracestate: tracestate
        )
    }
}
