/// Completions for bash 4 and later; nothing of the package `bash-completion` is needed.
struct BashCompletion {
    let table: CompletionTable

    var script: String {
        let values = table.commands.flatMap(values)
        let options = table.commands.map { command in
            entry(quoted(command.name), words(command.allOptions.map(\.name)))
        }
        let arguments = table.commands.compactMap { command in
            command.arguments.last.flatMap { action(for: $0.expects) }.map { entry(quoted(command.name), $0) }
        }
        return """
            # Completions of soundgate for bash, written by "soundgate completions bash".
            #   source <(soundgate completions bash)

            _soundgate_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }

            _soundgate_list() {
                local before=
                [[ $cur == *,* ]] && before=${cur%,*},
                COMPREPLY=($(compgen -P "$before" -W "$1" -- "${cur##*,}"))
                compopt -o nospace 2>/dev/null
            }

            _soundgate_files() {
                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                compopt -o filenames 2>/dev/null
            }

            _soundgate() {
                local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command
                COMPREPLY=()
                # bash takes --name=value for three words.
                if [[ $cur == "=" ]]; then
                    cur=
                elif [[ $previous == "=" ]]; then
                    previous=${COMP_WORDS[COMP_CWORD-2]}
                fi
                if ((COMP_CWORD == 1)); then
                    _soundgate_words "\(table.firstWords.map(\.word).joined(separator: " ")) --help --version"
                    return
                fi
                command=${COMP_WORDS[1]}
                case $command in
            \(lines(table.groups.map { group in
                entry(
                    group,
                    "((COMP_CWORD == 2)) && { _soundgate_words \"\(join(table.members(of: group)))\"; return; }"
                )
            }))
                help)
                    _soundgate_words "\(join(table.subjects))"
                    return
                    ;;
                esac
                case $command in
                \(table.groups.joined(separator: " | "))) command+=" ${COMP_WORDS[2]}" ;;
                esac
                case "$command $previous" in
            \(lines(values))
                esac
                if [[ $cur == -* ]]; then
                    case $command in
            \(lines(options))
                    esac
                    return
                fi
                case $command in
            \(lines(arguments))
                esac
            }

            complete -F _soundgate soundgate
            """
    }

    /// What follows an option that takes a value.
    private func values(of command: Command) -> [String] {
        command.options.filter { $0.value != nil }.map { option in
            let names = [option.name, option.short].compactMap(\.self).map { quoted("\(command.name) \($0)") }
            let action = action(for: option.expects).map { "\($0); return" } ?? "return"
            return entry(names.joined(separator: " | "), action)
        }
    }

    private func action(for expectation: Expectation) -> String? {
        switch expectation {
        case .anything: nil
        case .file: "_soundgate_files"
        case .words(let words): self.words(words)
        case .list(let words): "_soundgate_list \"\(words.joined(separator: " "))\""
        }
    }

    private func words(_ words: [String]) -> String { "_soundgate_words \"\(words.joined(separator: " "))\"" }

    private func entry(_ pattern: String, _ action: String) -> String { "    \(pattern)) \(action) ;;" }

    private func quoted(_ text: String) -> String { "\"\(text)\"" }

    private func join(_ words: [(word: String, summary: String)]) -> String {
        words.map(\.word).joined(separator: " ")
    }

    private func lines(_ entries: [String]) -> String { entries.joined(separator: "\n") }
}
