import Spelling

/// Reads a command line against the list of commands.
///
/// Options may stand anywhere after the command, as `--name value` or `--name=value`; everything after `--` is taken
/// as it is.
struct CommandParser {
    /// What a command line asks for.
    enum Request {
        case run(Command, Invocation)
        case help(String)
        case version
    }

    let commands: [Command]
    let topics: [HelpTopic]
    /// The columns that help may take.
    var width = 100

    /// Understands `words`, which are the command line without the program's name.
    func parse(_ words: [String]) throws(UsageError) -> Request {
        guard let first = words.first else {
            throw UsageError("say what to do: \(names.joined(separator: ", "))")
        }
        switch first {
        case "-h", "--help": return .help(help.overview)
        case "--version": return .version
        case "help": return .help(try help(on: words.dropFirst().filter { $0 != "--help" && $0 != "-h" }))
        default: break
        }
        if first.hasPrefix("-") {
            throw UsageError("the first word must be a command, not \"\(first)\"")
        }
        guard let command = command(at: words[...]) else {
            let asksForHelp = words.contains { $0 == "--help" || $0 == "-h" }
            if asksForHelp, isGroup(first) { return .help(try help(on: [first])) }
            throw unknown(words)
        }
        return try read(Array(words.dropFirst(command.words.count)), for: command)
    }

    // MARK: Commands

    private var names: [String] {
        commands.map { $0.words[0] }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private func command(at words: ArraySlice<String>) -> Command? {
        commands.first { words.starts(with: $0.words) }
    }

    private func isGroup(_ name: String) -> Bool {
        commands.contains { $0.words.count > 1 && $0.words[0] == name }
    }

    private func unknown(_ words: [String]) -> UsageError {
        let first = words[0]
        guard isGroup(first) else {
            return UsageError("there is no command \"\(first)\"\(hint(for: first, among: names + ["help"]))")
        }
        let members = commands.filter { $0.words[0] == first }.compactMap(\.words.last)
        guard let second = words.dropFirst().first, !second.hasPrefix("-") else {
            return UsageError("say which: \(first) \(members.joined(separator: " | "))", command: first)
        }
        return UsageError(
            "there is no command \"\(first) \(second)\"\(hint(for: second, among: members))",
            command: first
        )
    }

    private var help: HelpText { HelpText(commands, topics: topics, width: width) }

    private func help(on words: [String]) throws(UsageError) -> String {
        guard let first = words.first, first != "help" else { return help.overview }
        if let command = command(at: words[...]), command.words.count == words.count {
            return help.page(for: command)
        }
        if words.count == 1 {
            if let topic = topics.first(where: { $0.name == first }) { return help.page(for: topic) }
            if isGroup(first) { return help.pages(ofGroup: first) }
            guard command(at: words[...]) == nil else { throw unknown(words) }
            let hint = hint(for: first, among: topics.map(\.name) + names)
            throw UsageError("there is no command and no topic \"\(first)\"\(hint)")
        }
        throw unknown(words)
    }

    // MARK: Options and arguments

    private func read(_ words: [String], for command: Command) throws(UsageError) -> Request {
        let options = command.allOptions
        var values: [String: [String]] = [:]
        var arguments: [String] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                arguments += rest
                break
            }
            guard word.hasPrefix("-"), word != "-" else {
                arguments.append(word)
                continue
            }
            let (name, attached) = Self.split(word)
            guard let option = options.first(where: { $0.name == name || $0.short == name }) else {
                let hint = hint(for: name, among: options.map(\.name))
                throw UsageError("\(command.name) has no option \(name)\(hint)", command: command.name)
            }
            if option.name == Option.help.name { return .help(help.page(for: command)) }
            if values[option.name] != nil, !option.isRepeatable {
                throw UsageError("\(option.name) is given twice", command: command.name)
            }
            values[option.name, default: []].append(
                try Self.value(of: option, attached, &rest, command)
            )
        }
        try check(arguments, of: command)
        return .run(command, Invocation(command: command.name, arguments: arguments, values: values))
    }

    /// Takes `--name=value` and `-nvalue` apart.
    private static func split(_ word: String) -> (name: String, value: String?) {
        if word.hasPrefix("--") {
            guard let sign = word.firstIndex(of: "=") else { return (word, nil) }
            return (String(word[..<sign]), String(word[word.index(after: sign)...]))
        }
        return word.count > 2 ? (String(word.prefix(2)), String(word.dropFirst(2))) : (word, nil)
    }

    private static func value(
        of option: Option,
        _ attached: String?,
        _ rest: inout ArraySlice<String>,
        _ command: Command
    ) throws(UsageError) -> String {
        guard let placeholder = option.value else {
            guard attached == nil else {
                throw UsageError("\(option.name) takes no value", command: command.name)
            }
            return ""
        }
        if let attached { return attached }
        // `--seed -5` is a value; `--config --listen` is a value forgotten.
        guard let next = rest.first, !next.hasPrefix("-") || next == "-" || Double(next) != nil else {
            throw UsageError(
                "\(option.name) needs a value: \(option.name) \(placeholder), or \(option.name)=-… for one that "
                    + "begins with a dash",
                command: command.name
            )
        }
        rest.removeFirst()
        return next
    }

    private func check(_ arguments: [String], of command: Command) throws(UsageError) {
        if let missing = command.arguments.dropFirst(arguments.count).first(where: \.isRequired) {
            throw UsageError("\(command.name) needs \(missing.name)", command: command.name)
        }
        if arguments.count > command.arguments.count, command.arguments.last?.isRepeatable != true {
            let extra = arguments[command.arguments.count]
            let advice = command.arguments.isEmpty ? "" : "; put quotes around words that belong together"
            throw UsageError(
                "\(command.name) does not take \"\(extra)\" here\(advice)",
                command: command.name
            )
        }
    }
}
