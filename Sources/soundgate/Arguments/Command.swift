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
    /// The signals that the command handles itself instead of just ending.
    var signals: [Int32] = []
    /// What it prints with `--json`; every command that takes the option says so.
    var document: Document?
    let run: @Sendable (Invocation) async throws -> ExitStatus

    /// The command's name as the words of a command line.
    var words: [String] { name.split(separator: " ").map { String($0) } }

    /// Its options, and the one that all have.
    var allOptions: [Option] { options + [.help] }

    /// The line that shows what may stand where.
    var usage: String {
        let words = ["soundgate", name] + arguments.map(\.synopsis) + (options.isEmpty ? [] : ["[OPTIONS]"])
        return words.joined(separator: " ")
    }
}
