import Configuration
import JSON
import TLS

/// Looks at configurations without running them.
enum ConfigCommands {
    static let check = Command(
        name: "config check",
        summary: "print every problem of a config file, with line and column",
        details: """
            Reads what the file refers to as well: variables, files, the vault, certificates. Ends with 78 when there is \
            a problem.
            """,
        arguments: [Argument(name: "FILE")],
        options: [.json],
        document: .like([
            "file": "soundgate.yaml", "valid": false,
            "problems": [
                [
                    "file": "soundgate.yaml", "line": 2, "column": 3, "path": "server.lisen",
                    "message": "is not known", "remedy": "did you mean \"listen\"?",
                ]
            ],
            "warnings": ["the certificate ends in 12 days"],
        ]),
        run: check
    )

    private static func check(_ invocation: Invocation) async throws -> ExitStatus {
        let path = invocation.arguments[0]
        var problems: [ConfigurationProblem] = []
        var warnings: [String] = []
        do {
            let configuration = try await ConfigurationFile.load(path)
            if let files = configuration.server.tls?.files {
                warnings = try TLSIdentity(files).warnings.map { "\($0)" }
            }
        } catch let found as ConfigurationProblems {
            problems = found.list
        }
        if invocation.has(.json) {
            let report: JSONValue = [
                "file": .string(path), "valid": .bool(problems.isEmpty),
                "problems": .array(problems.map(json)),
                "warnings": .array(warnings.map { .string($0) }),
            ]
            Console.output(report.prettyPrinted())
        } else {
            for warning in warnings { Console.note("warning: \(warning)") }
            for problem in problems { Console.output(problem.description) }
            if problems.isEmpty { Console.output("\(path) is fine") }
        }
        return problems.isEmpty ? .success : .configuration
    }

    private static func json(_ problem: ConfigurationProblem) -> JSONValue {
        [
            "file": problem.file.isEmpty ? .null : .string(problem.file),
            "line": JSONValue(orNull: problem.line),
            "column": JSONValue(orNull: problem.column),
            "path": problem.path.isEmpty ? .null : .string(problem.path),
            "message": .string(problem.message), "remedy": JSONValue(orNull: problem.remedy),
        ]
    }

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
