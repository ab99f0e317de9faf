import HTTP

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
        options: GatewayClient.options + [live],
        run: { invocation in
            try await GatewayClient.with(invocation) { gateway in
                do {
                    _ = try await gateway.get(invocation.has(live) ? "/healthz" : "/readyz")
                    return .success
                } catch let refusal as Refusal {
                    refusal.show(asJSON: false)
                } catch let unreachable as Unreachable {
                    Console.complain("no gateway answers at \(unreachable.origin.origin)")
                } catch let failure as CommandFailure {
                    // Something else answers there.
                    Console.complain(failure.message)
                }
                return .failure
            }
        }
    )
}
