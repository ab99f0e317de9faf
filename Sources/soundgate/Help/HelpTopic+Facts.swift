import JSON

// Topics that are written from what the program itself goes by.

extension HelpTopic {
    static let exitCodes = HelpTopic(
        name: "exit-codes",
        summary: "the numbers with which this program ends",
        text: """
            They are those of sysexits.h:

            \(rows(ExitStatus.meanings.map { ("\($0.status.rawValue)", $0.meaning) }))

            A supervisor should not start a gateway again that ended with 65 or 78 (systemd: \
            RestartPreventExitStatus=65 78); after 69 and 75 it does well. "soundgate health" ends with 0 or 1 alone, \
            as container engines want it.
            """
    )

    static let environment = HelpTopic(
        name: "environment",
        summary: "the environment variables that this program reads",
        text: """
            \(rows(EnvironmentVariable.all.map { ($0.name, $0.meaning) }))

            A configuration may read any other by ${env:NAME}. The environment of a running process never changes: what \
            comes from there needs a restart. Proxies (http_proxy and the like) are not taken from the environment.
            """
    )

    static let json = HelpTopic(
        name: "json",
        summary: "what --json prints, and that it stays so",
        text: """
            With --json a command prints one JSON document on standard output, and nothing else there; what it has to \
            say to a person still goes to standard error. The exit status is the same as without it. Members may be \
            added in a later version, none is renamed, retyped or removed before the next major one. What does not \
            apply is null.

            A request that the gateway refuses prints the gateway's problem document (RFC 9457): type, title, status, \
            detail, code, request_id, errors. What this program itself cannot do is told on standard error alone.

            \(CommandList.all.filter { $0.options.contains { $0.name == Option.json.name } }.map(shape)
                .joined(separator: "\n\n"))
            """
    )

    private static func shape(of command: Command) -> String {
        switch command.document {
        case .of(let words): return "soundgate \(command.name): \(words)."
        case .like(let example):
            let lines = example.prettyPrinted().split(separator: "\n").map { "  \($0)" }
            return "soundgate \(command.name):\n\n\(lines.joined(separator: "\n"))"
        case nil: return "soundgate \(command.name): not described."
        }
    }

    /// Two columns as lines that stay as they are.
    private static func rows(_ rows: [(String, String)]) -> String {
        let left = rows.map(\.0.count).max() ?? 0
        return rows.flatMap { name, meaning in
            Prose.wrap(meaning, width: 76 - left - 4).enumerated().map { index, line in
                let start = index == 0 ? name : ""
                return "  \(start)\(String(repeating: " ", count: left - start.count + 2))\(line)"
            }
        }.joined(separator: "\n")
    }
}
