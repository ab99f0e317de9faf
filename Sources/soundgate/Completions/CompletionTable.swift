/// What a shell has to know to complete a command line, from the same table that parses it.
struct CompletionTable {
    let commands: [Command]
    let topics: [HelpTopic]

    /// The first words of all commands in order, with what each is for; `help` last.
    var firstWords: [(word: String, summary: String)] {
        var found: [(word: String, summary: String)] = []
        for command in commands where !found.contains(where: { $0.word == command.words[0] }) {
            let members = self.members(of: command.words[0])
            let summary =
                members.isEmpty ? command.summary : members.map(\.word).joined(separator: ", ")
            found.append((command.words[0], summary))
        }
        return found + [("help", "more about a command or a topic")]
    }

    /// The words that more words follow, as `config`.
    var groups: [String] {
        firstWords.map(\.word).filter { !members(of: $0).isEmpty }
    }

    /// The second words of the commands that begin with this one.
    func members(of group: String) -> [(word: String, summary: String)] {
        commands.filter { $0.words.count == 2 && $0.words[0] == group }.map { ($0.words[1], $0.summary) }
    }

    /// What may follow `help`.
    var subjects: [(word: String, summary: String)] {
        firstWords.dropLast()
            + topics.filter { topic in !firstWords.contains { $0.word == topic.name } }
            .map { ($0.name, $0.summary) }
    }
}

/// A shell that can complete.
enum Shell: String, CaseIterable {
    case bash, zsh, fish

    /// The shell's script for a table.
    func script(_ table: CompletionTable) -> String {
        switch self {
        case .bash: BashCompletion(table: table).script
        case .zsh: ZshCompletion(table: table).script
        case .fish: FishCompletion(table: table).script
        }
    }
}
