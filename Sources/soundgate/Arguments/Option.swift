/// One `--name` of a command, with or without a value.
struct Option: Sendable {
    /// With its dashes, as in `--config`.
    let name: String
    /// The short form, as in `-o`.
    let short: String?
    /// What stands for the value in the help, as in `FILE`; `nil` for a switch.
    let value: String?
    let isRepeatable: Bool
    /// What the value can be.
    let expects: Expectation
    let summary: String

    init(
        _ name: String,
        short: String? = nil,
        value: String? = nil,
        isRepeatable: Bool = false,
        expects: Expectation? = nil,
        summary: String
    ) {
        self.name = name
        self.short = short
        self.value = value
        self.isRepeatable = isRepeatable
        self.expects = expects ?? Expectation(placeholder: value ?? "")
        self.summary = summary
    }

    /// As it stands in the help: `-o, --output FILE`.
    var synopsis: String {
        [short.map { "\($0), \(name)" } ?? name, value].compactMap(\.self).joined(separator: " ")
    }

    /// Understood by every command.
    static let help = Option("--help", short: "-h", summary: "show this help")
}

/// A word of a command that is no option.
struct Argument: Sendable {
    /// As in the help: `FILE`.
    let name: String
    let isRequired: Bool
    /// Whether there may be more of them; the last one only.
    let isRepeatable: Bool
    /// What it can be.
    let expects: Expectation

    init(name: String, isRequired: Bool = true, isRepeatable: Bool = false, expects: Expectation? = nil) {
        self.name = name
        self.isRequired = isRequired
        self.isRepeatable = isRepeatable
        self.expects = expects ?? Expectation(placeholder: name)
    }

    /// As it stands in a line of usage: `[ID…]`.
    var synopsis: String {
        let name = isRepeatable ? "\(name)…" : name
        return isRequired ? name : "[\(name)]"
    }
}
