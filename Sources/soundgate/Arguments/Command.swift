/// One thing the program can do, as data: the parser and the help are made from it.
struct Command: Sendable {
    /// One word or two, as in `config check`.
    let name: String
    /// A phrase for the list of commands.
    let summary: String
    /// More, for the command's own help.
    var details: String?
    var arguments: [Argument] = []
    var options: [Option] = []
    /// Whether the command handles SIGINT and SIGTERM itself instead of just ending.
    var takesSignals = false
    let run: @Sendable (Invocation) async throws -> ExitStatus

    /// The command's name as the words of a command line.
    var words: [String] { name.split(separator: " ").map { String($0) } }
}
