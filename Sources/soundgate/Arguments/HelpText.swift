/// Writes the help from the commands themselves.
struct HelpText {
    private let commands: [Command]

    init(_ commands: [Command]) {
        self.commands = commands
    }

    /// What the program is and can do.
    var overview: String {
        let names = commands.map { ($0.name, $0.summary) } + [("help [COMMAND]", "more about a command")]
        return """
            soundgate: one HTTP API in front of many makers of sound and music

            Usage: soundgate COMMAND [ARGUMENTS] [OPTIONS]

            \(Self.columns(names))

            Start with "soundgate serve", then in another shell: soundgate sound "soft rain" -o rain.wav
            """
    }

    /// Everything about one command.
    func page(for command: Command) -> String {
        let arguments = command.arguments.map { argument in
            let name = argument.isRepeatable ? "\(argument.name)…" : argument.name
            return argument.isRequired ? name : "[\(name)]"
        }
        let usage = ["soundgate", command.name] + arguments + (command.options.isEmpty ? [] : ["[OPTIONS]"])
        let parts = [
            "\(command.summary.prefix(1).uppercased())\(command.summary.dropFirst()).",
            "Usage: \(usage.joined(separator: " "))",
            command.details,
            Self.columns((command.options + [.help]).map { ($0.synopsis, $0.summary) }),
        ]
        return parts.compactMap(\.self).joined(separator: "\n\n")
    }

    /// The pages of the commands that begin with the same word.
    func pages(ofGroup name: String) -> String {
        commands.filter { $0.words[0] == name }.map(page).joined(separator: "\n\n")
    }

    private static func columns(_ rows: [(String, String)]) -> String {
        let width = rows.map(\.0.count).filter { $0 <= 28 }.max() ?? 0
        return rows.map { name, summary in
            let gap =
                name.count <= width
                ? String(repeating: " ", count: width - name.count + 2)
                : "\n" + String(repeating: " ", count: width + 4)
            return "  \(name)\(gap)\(summary)"
        }.joined(separator: "\n")
    }
}
