import Glibc
import JSON
import Providers

/// Shows what a running gateway can use, or what this build knows.
enum ProvidersCommand {
    private static let markdown = Option(
        "--markdown",
        summary: "ask no gateway: print what this build's adapters can do, as a Markdown table"
    )

    static let command = Command(
        name: "providers",
        summary: "show what a running gateway can use, with each operation's fields and limits",
        details: """
            A value or a range alone means that the provider has a parameter for the field. Several ways to meet a field
            stand best first; "hint" means that it is written into the prompt.
            """,
        options: GatewayClient.options + [.json, markdown],
        document: .of("the answer of GET /v1/providers"),
        run: { invocation in
            if invocation.has(markdown) {
                Console.output(bytes: Array(CapabilityTable.markdown(catalog).utf8))
                return .success
            }
            return try await GatewayClient.with(invocation) { gateway in
                let answer = try await gateway.get("/v1/providers")
                if invocation.has(.json) {
                    Console.output(answer.prettyPrinted())
                } else {
                    show((answer["data"]?.array ?? answer.array ?? []).map(ProviderEntry.init))
                }
                return .success
            }
        }
    )

    private static func show(_ providers: [ProviderEntry]) {
        var summary = Table(ProviderEntry.heading)
        for provider in providers { summary.add(provider.summary) }
        for line in summary.lines { Console.output(line) }
        for operation in providers.flatMap(\.operations) {
            Console.output("\n\(Style.strong(operation.name, on: STDOUT_FILENO))")
            var table = Table()
            for row in operation.rows {
                guard let value = row.value else { continue }
                table.add(["  \(row.property)", printable(value)])
            }
            for line in table.lines { Console.output(line) }
        }
    }
}
