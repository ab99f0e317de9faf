import Audit
import HTTP
import HTTPServer
import Sound
import Tasks
import Telemetry

/// What of a request comes to be recorded.
extension Gateway {
    /// What anybody may read; it says nothing of who did what.
    private static let openPages: Set = [
        "/", "/healthz", "/readyz", "/metrics", "/openapi.yaml", "/openapi.json",
    ]

    /// Records an answer; every answer to a request that could be read passes here.
    func audit(_ request: Request, _ response: Response, _ exchange: Exchange) {
        guard let notes = exchange.notes else { return }
        if let route = response.route, Self.openPages.contains(route), response.status.code < 400 { return }
        let fields: LogFields = [
            "request_id": "\(exchange.requestID)", "peer": "\(request.peer.host)",
            "method": "\(request.method)", "route": "\(response.route ?? "-")",
            "status": .init(response.status.code),
        ]
        parts.audit("request", fields.adding(notes.all))
    }

    /// Notes who calls, and what the route names.
    static func note(_ caller: Caller, of request: Request) {
        guard let notes = Exchange.current?.notes else { return }
        notes["client"] = caller.name.map { "\($0)" }
        if caller.name != nil, caller.isAdmin { notes["admin"] = true }
        guard let id = request.parameters["id"], id.utf8.count <= 256 else { return }
        if id.hasPrefix("snd_") { notes["task"] = "\(id)" }
        if id.hasPrefix("evt_") { notes["webhook"] = "\(id)" }
    }

    /// Notes that an admin looks at what is another client's.
    static func note(_ record: TaskRecord, seenBy caller: Caller) {
        guard let notes = Exchange.current?.notes, record.client != caller.name else { return }
        notes["owner"] = "\(record.client ?? "-")"
    }

    /// Notes what a create asks for, and the task that it came to.
    func noteWords(of request: SoundRequest) {
        Exchange.current?.notes?.add(parts.audit.words(of: request))
    }
}
