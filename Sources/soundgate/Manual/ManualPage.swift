/// The page of `man soundgate`, in the macros of mdoc(7), from the same table that parses command lines.
struct ManualPage {
    let commands: [Command]
    let topics: [HelpTopic]

    /// When the program's surface last changed in a way that a reader should know; a page without a date is none.
    private static let date = "November 21, 2026"

    var text: String {
        let parts =
            [head] + commands.map(section) + [".Sh TOPICS"]
            + topics.filter { $0.name != "exit-codes" }
            .map(section)
            + [exitStatus, foot]
        return parts.joined(separator: "\n")
    }

    private var head: String {
        """
        .\\" Written by "make man" from the program's own table of commands; not to be edited.
        .Dd \(Self.date)
        .Dt SOUNDGATE 1
        .Os
        .Sh NAME
        .Nm soundgate
        .Nd \(HelpText.phrase)
        .Sh SYNOPSIS
        .Nm
        .Ar command
        .Op Ar arguments
        .Op Ar options
        .Nm
        .Cm help
        .Op Ar topic
        .Sh DESCRIPTION
        .Nm
        is an HTTP gateway in front of vendors of generated sound effects and music, and the command line to run it, look
        after it, and ask it for sounds.
        Options may stand anywhere after the command, as
        .Fl -name Ar value
        or
        .Fl -name Ns = Ns Ar value ;
        what follows
        .Fl -
        is no option.
        .Sh COMMANDS
        """
    }

    private func section(_ command: Command) -> String {
        var lines = [".Ss \(escaped(command.name))"]
        lines.append(".Nm")
        lines.append(".Cm \(argument(command.name))")
        for argument in command.arguments {
            let name = self.argument(argument.name.filter { $0 != "\"" })
            let more = argument.isRepeatable ? " ..." : ""
            lines.append(argument.isRequired ? ".Ar \(name)\(more)" : ".Op Ar \(name)\(more)")
        }
        if !command.options.isEmpty { lines.append(".Op Ar options") }
        lines.append(".Pp")
        lines.append(sentence("\(command.summary.prefix(1).uppercased())\(command.summary.dropFirst())."))
        if let details = command.details { lines += prose(details, startsParagraph: true) }
        guard !command.options.isEmpty else { return lines.joined(separator: "\n") }
        lines.append(".Bl -tag -width Ds")
        for option in command.options {
            let value = option.value.map { " Ar \(argument($0))" } ?? ""
            let short = option.short.map { "Fl \($0.dropFirst()) , " } ?? ""
            lines.append(".It \(short)Fl \(argument(String(option.name.dropFirst())))\(value)")
            lines.append(sentence(option.summary))
        }
        lines.append(".El")
        return lines.joined(separator: "\n")
    }

    private func section(_ topic: HelpTopic) -> String {
        ([".Ss \(escaped(topic.name)): \(escaped(topic.summary))"] + prose(topic.text, startsParagraph: false))
            .joined(separator: "\n")
    }

    private var exitStatus: String {
        let rows = ExitStatus.meanings.flatMap { [".It \($0.status.rawValue)", sentence($0.meaning)] }
        return ([".Sh EXIT STATUS", ".Bl -tag -width Ds"] + rows + [".El"]).joined(separator: "\n")
    }

    private var foot: String {
        """
        .Sh EXAMPLES
        .Bd -literal -offset indent
        soundgate init
        soundgate serve \\-\\-config soundgate.yaml
        soundgate sound "soft rain with distant thunder" \\-\\-loop \\-o rain.wav
        .Ed
        .Sh SEE ALSO
        .Xr curl 1 ,
        .Xr jq 1
        """
    }

    private func prose(_ text: String, startsParagraph: Bool) -> [String] {
        Prose.paragraphs(of: text).enumerated().flatMap { index, paragraph -> [String] in
            switch paragraph {
            case .flowing(let text): (index > 0 || startsParagraph ? [".Pp"] : []) + [sentence(text)]
            case .literal(let lines):
                [".Bd -literal -offset indent"] + lines.map(line) + [".Ed"]
            }
        }
    }

    /// Text that flows: one sentence on a line, as mdoc wants it.
    private func sentence(_ text: String) -> String {
        var lines: [String] = []
        var words: [String] = []
        for word in text.split(separator: " ") {
            words.append(String(word))
            let isLong = words.joined(separator: " ").count > 90
            if isLong || word.contains(/[.?!][)"]*$/) {
                lines.append(words.joined(separator: " "))
                words = []
            }
        }
        if !words.isEmpty { lines.append(words.joined(separator: " ")) }
        return lines.map(line).joined(separator: "\n")
    }

    /// A line that begins with a dot or a quote would be a request.
    private func line(_ text: String) -> String {
        let text = escaped(text)
        return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&\(text)" : text
    }

    /// A macro's argument, in quotes where it has spaces.
    private func argument(_ text: String) -> String {
        let text = escaped(text).replacing("\"", with: "\\(dq")
        return text.contains(" ") ? "\"\(text)\"" : text
    }

    private func escaped(_ text: String) -> String {
        let marks: [Character: String] = [
            "\\": "\\e", "-": "\\-", "…": "...", "–": "\\(en", "’": "\\(cq", "`": "\\(ga", "^": "\\(ha",
            "~": "\\(ti", "'": "\\(aq",
        ]
        return text.reduce(into: "") { $0 += marks[$1] ?? String($1) }
    }
}
