/// Completions for zsh, as a file `_soundgate` of its `fpath` or to be sourced.
struct ZshCompletion {
    let table: CompletionTable

    var script: String {
        """
        #compdef soundgate
        # Completions of soundgate for zsh, written by "soundgate completions zsh".
        #   soundgate completions zsh > "${fpath[1]}/_soundgate"

        _soundgate() {
            local -a words_here
            if ((CURRENT == 2)); then
                words_here=(
        \(described(table.firstWords))
                )
                _describe -t commands 'command of soundgate' words_here
                return
            fi
            local command=$words[2]
            case $command in
        \(table.groups.map(group).joined(separator: "\n"))
            (help)
                words_here=(
        \(described(table.subjects))
                )
                _describe -t topics 'topic' words_here
                return
                ;;
            esac
            shift words
            ((CURRENT--))
            case $command in
        \(table.commands.map(arguments).joined(separator: "\n"))
            esac
        }

        if [[ $funcstack[1] == _soundgate ]]; then
            _soundgate "$@"
        elif (($+functions[compdef])); then
            compdef _soundgate soundgate
        fi
        """
    }

    private func group(_ name: String) -> String {
        """
            (\(name))
                if ((CURRENT == 3)); then
                    words_here=(
        \(described(table.members(of: name)))
                    )
                    _describe -t commands '\(name)' words_here
                    return
                fi
                command+=" $words[3]"
                shift words
                ((CURRENT--))
                ;;
        """
    }

    private func described(_ words: [(word: String, summary: String)]) -> String {
        words.map { "            \(quoted("\(escaped($0.word)):\($0.summary)"))" }.joined(separator: "\n")
    }

    private func arguments(of command: Command) -> String {
        let specifications =
            command.allOptions.map(specification)
            + command.arguments.enumerated().map { index, argument in
                let place = argument.isRepeatable ? "*" : "\(index + 1)"
                let name = argument.name.filter { $0 != "\"" }
                return quoted("\(place):\(escaped(name)):\(action(for: argument.expects))")
            }
        return """
                (\(quoted(command.name)))
                    _arguments -S \(specifications.joined(separator: " \\\n                "))
                    ;;
            """
    }

    private func specification(of option: Option) -> String {
        let value = option.value.map { ":\(escaped($0)):\(action(for: option.expects))" } ?? ""
        let text = "[\(escaped(option.summary))]\(value)"
        let long = option.value == nil ? option.name : "\(option.name)="
        guard let short = option.short else {
            return quoted("\(option.isRepeatable ? "*" : "")\(long)\(text)")
        }
        return "'(\(short) \(option.name))'{\(short)\(option.value == nil ? "" : "+"),\(long)}\(quoted(text))"
    }

    private func action(for expectation: Expectation) -> String {
        switch expectation {
        // A space, and not nothing: zsh then shows what is wanted.
        case .anything: " "
        case .file: "_files"
        case .words(let words): "(\(words.joined(separator: " ")))"
        case .list(let words): "_values -s , several \(words.joined(separator: " "))"
        }
    }

    private func escaped(_ text: String) -> String {
        text.reduce(into: "") { text, character in
            if "[]:\\".contains(character) { text.append("\\") }
            text.append(character)
        }
    }

    private func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "'\\''"))'" }
}
