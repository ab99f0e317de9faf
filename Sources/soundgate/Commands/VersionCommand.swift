/// Says which build this is.
enum VersionCommand {
    static let command = Command(
        name: "version",
        summary: "print the version",
        run: { _ in run() }
    )

    static func run() -> ExitStatus {
        Console.output("soundgate \(version)")
        return .success
    }
}
