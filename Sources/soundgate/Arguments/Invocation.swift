/// A command line that was understood: the words and option values given to one command.
struct Invocation: Sendable {
    let command: String
    /// The words that are no options, as many as the command takes at most.
    let arguments: [String]
    private let values: [String: [String]]

    init(command: String, arguments: [String], values: [String: [String]]) {
        self.command = command
        self.arguments = arguments
        self.values = values
    }

    /// Whether the option was given.
    func has(_ option: Option) -> Bool { values[option.name] != nil }

    /// Every value given to a repeatable option, in order.
    func all(_ option: Option) -> [String] { values[option.name] ?? [] }

    /// The option's value as it was written.
    func text(_ option: Option) -> String? { values[option.name]?.last }

    /// The value of an option that the command cannot do without.
    func required(_ option: Option) throws(UsageError) -> String {
        guard let text = text(option) else {
            let value = option.value.map { " \($0)" } ?? ""
            throw UsageError("\(command) needs \(option.name)\(value)", command: command)
        }
        return text
    }

    /// The option's value as a whole number.
    func integer(_ option: Option) throws(UsageError) -> Int64? {
        guard let text = text(option) else { return nil }
        guard let value = Int64(text) else { throw misread(option, "a whole number") }
        return value
    }

    /// The option's value as a number.
    func number(_ option: Option) throws(UsageError) -> Double? {
        guard let text = text(option) else { return nil }
        // `Double` also reads "nan", "inf" and hexadecimal; nobody means those here.
        let isDecimal = text.utf8.allSatisfy { (0x30...0x39).contains($0) || ".+-eE".utf8.contains($0) }
        guard isDecimal, let value = Double(text), value.isFinite else { throw misread(option, "a number") }
        return value
    }

    /// The complaint about an option whose value is not what it should be.
    func misread(_ option: Option, _ expected: String) -> UsageError {
        UsageError("\(option.name) takes \(expected), not \"\(text(option) ?? "")\"", command: command)
    }
}
