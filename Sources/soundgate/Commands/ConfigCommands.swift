import Configuration
import JSON
import TLS

/// Looks at configurations without running them.
enum ConfigCommands {
    static let check = Command(
        name: "config check",
        summary: "print every problem of a config file, with line and column",
        arguments: [Argument(name: "FILE")],
        run: { invocation in
            let path = invocation.arguments[0]
            do {
                let configuration = try await ConfigurationFile.load(path)
                if let files = configuration.server.tls?.files {
                    for warning in try TLSIdentity(files).warnings { Console.note("warning: \(warning)") }
                }
            } catch let problems as ConfigurationProblems {
                Console.output(problems.description)
                return .configuration
            }
            Console.output("\(path) is fine")
            return .success
        }
    )

    static let schema = Command(
        name: "config schema",
        summary: "print the JSON Schema of the config file, for editors",
        run: { _ in
            Console.output(
                GatewayConfiguration.schema(adapters: GatewayConfiguration.knownAdapters).prettyPrinted()
            )
            return .success
        }
    )
}
