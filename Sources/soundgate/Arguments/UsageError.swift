/// A command line that cannot be understood.
struct UsageError: Error, CustomStringConvertible {
    /// What is wrong, and where help is.
    let description: String

    init(_ message: String, command: String? = nil) {
        let help = (["soundgate help"] + (command.map { [$0] } ?? [])).joined(separator: " ")
        description = "\(message)\nTry \"\(help)\"."
    }
}
