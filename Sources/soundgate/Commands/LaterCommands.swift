/// Commands that have a name already, so that asking for them gets a plain answer.
enum LaterCommands {
    static let all = [
        later(
            "vault",
            "keep vendors' keys sealed",
            "Put keys into the environment and write ${env:NAME} meanwhile."
        )
    ]

    private static func later(_ name: String, _ purpose: String, _ advice: String) -> Command {
        Command(
            name: name,
            summary: "\(purpose) (not in this version)",
            details: advice,
            // Whatever follows, the answer is the same.
            arguments: (0..<8).map { _ in Argument(name: "…", isRequired: false) },
            run: { _ in throw UsageError("\(name) is not in this version. \(advice)") }
        )
    }
}
