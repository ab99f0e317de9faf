import Configuration
import HTTP
import HTTPServer
import Telemetry

/// What is measured, for those who may know it.
extension Gateway {
    /// Everything as text: to anybody where the configuration says so, else to admins.
    ///
    /// It tells how busy the gateway is and with whom, never what for: no label holds a client, a task or a prompt.
    func showMetrics(_ request: Request) async throws -> Response {
        if !configuration.server.showsMetricsToAnybody {
            let caller = try clients.enter(request, at: parts.time).caller
            Self.note(caller, of: request)
            guard caller.isAdmin else {
                throw ProblemDetails(
                    .forbidden,
                    code: "admins_only",
                    detail:
                        "Only admins may read the metrics; the operator can open them with server.metrics."
                )
            }
        }
        let text = await parts.metrics.exposition()
        return Response(
            .ok,
            contentType: MetricText.contentType,
            text.bytes,
            fields: ["Cache-Control": "no-store"]
        )
    }
}
