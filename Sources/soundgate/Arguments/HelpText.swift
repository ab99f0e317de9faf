/// Writes the help from the commands and the topics themselves.
struct HelpText {
    private let commands: [Command]
    private let topics: [HelpTopic]
    private let width: Int

    /// Help of at most that many columns, where that can be.
    init(_ commands: [Command], topics: [HelpTopic], width: Int) {
        self.commands = commands
        self.topics = topics
        self.width = width
    }

    /// What the program is, in a phrase.
    static let phrase = "one HTTP API in front of many makers of sound and music"

    /// What the program is and can do.
    var overview: String {
        let names = commands.map { ($0.name, $0.summary) }
        return """
            soundgate: \(Self.phrase)

            Usage: soundgate COMMAND [ARGUMENTS] [OPTIONS]

            \(columns(names + [("help [TOPIC]", "more about a command, or about one of the topics below")]))

            Topics of "soundgate help":

            \(columns(topics.map { ($0.name, $0.summary) }))

            Start with "soundgate serve", then in another shell: soundgate sound "soft rain" -o rain.wav
            """
    }

    /// Everything about one command.
    func page(for command: Command) -> String {
        let parts = [
            Prose.fill(
                "\(command.summary.prefix(1).uppercased())\(command.summary.dropFirst()).",
                width: width
            ),
            "Usage: \(command.usage)",
            command.details.map { Prose.fill($0, width: width) },
            columns(command.allOptions.map { ($0.synopsis, $0.summary) }),
        ]
        return parts.compactMap(\.self).joined(separator: "\n\n")
    }

    /// The pages of the commands that begin with the same word.
    func pages(ofGroup name: String) -> String {
        commands.filter { $0.words[0] == name }.map(page).joined(separator: "\n\n")
    }

    /// A topic, and the commands of the same name, if there are any.
    func page(for topic: HelpTopic) -> String {
        let parts = [
            "\(topic.name): \(topic.summary)", Prose.fill(topic.text, width: width),
            pages(ofGroup: topic.name),
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private func columns(_ rows: [(String, String)]) -> String {
        let left = rows.map(\.0.count).filter { $0 <= 28 }.max() ?? 0
        let indent = "\n" + String(repeating: " ", count: left + 4)
        return rows.map { name, summary in
            let lines = Prose.wrap(summary, width: max(width - left - 4, 24))
            let gap =
                name.count <= left ? String(repeating: " ", count: left - name.count + 2) : indent
            return "  \(name)\(gap)\(lines.joined(separator: indent))"
        }.joined(separator: "\n")
    }
}
