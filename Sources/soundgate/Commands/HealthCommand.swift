import HTTP
import JSON

/// Tells whether a gateway is well, for whoever starts it again when it is not.
enum HealthCommand {
    private static let live = Option(
        "--live",
        summary: "only whether it is alive (/healthz), not whether it takes new sounds (/readyz)"
    )

    static let command = Command(
        name: "health",
        summary: "ask a running gateway whether it is ready; exit status 0 or 1",
        details: """
            Says nothing when all is well. For a container's HEALTHCHECK, which knows these two numbers alone.
            """,
        options: GatewayClient.options + [live, .json],
        document: .like([
            "server": "http://127.0.0.1:8080", "check": "ready", "healthy": true, "reason": .null,
        ]),
        run: { invocation in
            try await GatewayClient.with(invocation) { gateway in
                let isLive = invocation.has(live)
                var reason: String?
                do {
                    _ = try await gateway.get(isLive ? "/healthz" : "/readyz")
                } catch let refusal as Refusal {
                    if !invocation.has(.json) { refusal.show(asJSON: false) }
                    reason = refusal.reason
                } catch let unreachable as Unreachable {
                    reason = "no gateway answers at \(unreachable.origin.origin)"
                    if !invocation.has(.json) { Console.complain(reason ?? "") }
                } catch let failure as CommandFailure {
                    // Something else answers there.
                    reason = failure.message
                    if !invocation.has(.json) { Console.complain(failure.message) }
                }
                if invocation.has(.json) {
                    let report: JSONValue = [
                        "server": .string(gateway.origin.origin), "check": isLive ? "live" : "ready",
                        "healthy": .bool(reason == nil), "reason": JSONValue(orNull: reason),
                    ]
                    Console.output(report.prettyPrinted())
                }
                return reason == nil ? .success : .failure
            }
        }
    )
}
