import Glibc
import JSON

/// Shows where a request would go, and why not elsewhere.
enum PlanCommand {
    static let command = Command(
        name: "plan",
        summary: "show which provider would be chosen, why the others were not, and what would be sent",
        details: "Nothing is sent to a provider, and nothing is charged. Takes the options of \"sound\".",
        arguments: [Argument(name: "\"PROMPT\"", isRequired: false)],
        options: RequestOptions.options + GatewayClient.options + [.json],
        document: .of("the answer of POST /v1/plans"),
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        let body = try RequestOptions.body(invocation)
        return try await GatewayClient.with(invocation) { gateway in
            let plan = try await gateway.post("/v1/plans", body)
            if invocation.has(.json) {
                Console.output(plan.prettyPrinted())
            } else {
                show((plan["candidates"]?.array ?? []).map(PlanCandidate.init), chosen: plan["chosen"])
            }
            return plan["chosen"]?.object == nil ? .unavailable : .success
        }
    }

    private static func show(_ candidates: [PlanCandidate], chosen: JSONValue?) {
        let name = chosen?.object == nil ? nil : chosen.map(PlanCandidate.init)?.name
        var table = Table(["PROVIDER", "RESULT", "WHY"])
        for candidate in candidates {
            let isChosen = candidate.name == name
            let result = isChosen ? "chosen" : candidate.isEligible ? "possible" : "refused"
            let reasons = candidate.isEligible ? [candidate.reason] : candidate.refusals
            for (index, reason) in reasons.enumerated() {
                table.add(index == 0 ? [candidate.name, result, reason] : ["", "", reason])
            }
        }
        for line in table.lines { Console.output(line) }
        guard let first = candidates.first(where: { $0.name == name }) else {
            return Console.output("\nNo provider can take this request.")
        }
        if !first.fulfilment.isEmpty { Console.output("\nMet: \(first.fulfilment)") }
        if let cost = first.cost { Console.output("Estimated cost: \(cost)") }
        guard let call = first.call else {
            return Console.output("Nothing would be sent: \(first.name) works inside the gateway.")
        }
        Console.output("\nWould be sent:\n  \(call.line)")
        for line in call.body.split(separator: "\n") { Console.output("  \(line)") }
    }
}
