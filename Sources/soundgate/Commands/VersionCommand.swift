import JSON

/// Says which build this is.
enum VersionCommand {
    static let command = Command(
        name: "version",
        summary: "print the version",
        options: [.json],
        document: .like(json),
        run: { invocation in
            guard invocation.has(.json) else { return run() }
            Console.output(json.prettyPrinted())
            return .success
        }
    )

    static func run() -> ExitStatus {
        Console.output("soundgate \(version)")
        return .success
    }

    private static var json: JSONValue { ["name": "soundgate", "version": .string(version)] }
}
