import Glibc
import HTTP
import JSON

/// Shows what a running gateway was used for, and what that cost.
enum UsageCommand {
    private static let from = Option(
        "--from",
        value: "TIME",
        summary: "from this date, as in 2026-11-01, or time on (default: the last 30 days)"
    )
    private static let to = Option("--to", value: "TIME", summary: "to this date, itself included, or time")
    private static let by = Option(
        "--by",
        value: "LIST",
        summary: "what a row is about: some of hour, day or month, provider, operation, client"
            + " (default provider,operation)"
    )
    private static let provider = Option("--provider", value: "NAME", summary: "of this provider only")
    private static let client = Option("--client", value: "NAME", summary: "of this client only, for admins")
    private static let csv = Option(
        "--csv",
        summary: "print CSV, one line for each provider, operation and client"
    )

    static let command = Command(
        name: "usage",
        summary: "show what a running gateway was used for, and what it cost",
        details: """
            Everything belongs to the time at which its task was created, in UTC, and is still there when the task is
            deleted. Costs are in each provider's own unit. "estimated" means that the provider has not said what it charged.

              soundgate usage --by day --from 2026-11-01
              soundgate usage --by month,client --csv > usage.csv
            """,
        options: [from, to, by, provider, client] + GatewayClient.options + [.json, csv],
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        let facets = try facets(invocation)
        if invocation.has(.json), invocation.has(csv) {
            throw UsageError("--json and --csv exclude each other", command: invocation.command)
        }
        let interval = facets.first { $0.isInterval }?.rawValue ?? "total"
        var query = "interval=\(interval)"
        for option in [from, to, provider, client] {
            guard let text = invocation.text(option) else { continue }
            query += "&\(option.name.dropFirst(2))=\(PercentEncoding.encode(text))"
        }
        return try await GatewayClient.with(invocation) { gateway in
            if invocation.has(csv) {
                Console.output(bytes: try await gateway.bytes("/v1/usage", query: query + "&format=csv"))
                return .success
            }
            let answer = try await gateway.get("/v1/usage", query: query)
            if invocation.has(.json) {
                Console.output(answer.prettyPrinted())
            } else {
                show(UsageReport(answer, by: facets))
            }
            return .success
        }
    }

    private static func show(_ report: UsageReport) {
        Console.output("\(report.span), UTC")
        guard !report.isEmpty else { return Console.output("Nothing was used.") }
        Console.output("")
        for (number, line) in report.table.lines.enumerated() {
            Console.output(number == 0 ? Style.strong(line, on: STDOUT_FILENO) : line)
        }
    }

    private static func facets(_ invocation: Invocation) throws(UsageError) -> [UsageReport.Facet] {
        guard let text = invocation.text(by) else { return [.provider, .operation] }
        var facets: [UsageReport.Facet] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let facet = UsageReport.Facet(rawValue: String(word)), !facets.contains(facet),
                !facet.isInterval || !facets.contains(where: \.isInterval)
            else {
                throw invocation.misread(
                    by,
                    "one of hour, day and month, and any of provider, operation and client, with commas between them"
                )
            }
            facets.append(facet)
        }
        return facets
    }
}
