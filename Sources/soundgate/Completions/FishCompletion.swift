/// Completions for fish, as a file `soundgate.fish` of its completions folder or to be sourced.
struct FishCompletion {
    let table: CompletionTable

    var script: String {
        """
        # Completions of soundgate for fish, written by "soundgate completions fish".
        #   soundgate completions fish > ~/.config/fish/completions/soundgate.fish

        # The command that stands on the line, of one word or of two.
        function __soundgate_command
            set -l words (commandline -opc)
            switch "$words[2]"
                case \(table.groups.joined(separator: " "))
                    string trim -- "$words[2] $words[3]"
                case '*'
                    echo "$words[2]"
            end
        end

        function __soundgate_at
            set -l command (__soundgate_command)
            test "$command" = "$argv"
        end

        complete -c soundgate -f
        \(lines(table.firstWords, at: ""))
        \(table.groups.map { lines(table.members(of: $0), at: $0) }.joined(separator: "\n"))
        \(lines(table.subjects, at: "help"))
        \(table.commands.flatMap(lines).joined(separator: "\n"))
        """
    }

    private func lines(_ words: [(word: String, summary: String)], at place: String) -> String {
        words.map { "\(start(place)) -a \($0.word) -d \(quoted($0.summary))" }.joined(separator: "\n")
    }

    private func lines(of command: Command) -> [String] {
        let start = start(command.name)
        let options = command.allOptions.map { option in
            let short = option.short.map { " -s \($0.dropFirst())" } ?? ""
            let value = option.value == nil ? "" : " \(action(for: option.expects, isRequired: true))"
            return "\(start) -l \(option.name.dropFirst(2))\(short)\(value) -d \(quoted(option.summary))"
        }
        let arguments = command.arguments.last.map(\.expects).flatMap { expectation -> String? in
            expectation == .anything ? nil : "\(start) \(action(for: expectation, isRequired: false))"
        }
        return options + [arguments].compactMap(\.self)
    }

    private func start(_ command: String) -> String {
        "complete -c soundgate -n \(quoted("__soundgate_at \(quoted(command))"))"
    }

    private func action(for expectation: Expectation, isRequired: Bool) -> String {
        let exclusive = isRequired ? "-x" : "-f"
        return switch expectation {
        case .anything: "-x"
        case .file: isRequired ? "-r -F" : "-F"
        case .words(let words): "\(exclusive) -a \(quoted(words.joined(separator: " ")))"
        case .list(let words):
            "\(exclusive) -a \(quoted("(__fish_append , \(words.joined(separator: " ")))"))"
        }
    }

    /// In single quotes; fish takes a backslash before a quote or a backslash there.
    private func quoted(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
        return "'\(escaped)'"
    }
}
