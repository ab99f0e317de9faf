/// A page of the help that is about no single command.
struct HelpTopic: Sendable {
    /// What follows `soundgate help`.
    let name: String
    /// A phrase for the list of topics.
    let summary: String
    /// Paragraphs with empty lines between; lines that begin with spaces stay as they are.
    let text: String
}

extension HelpTopic {
    /// Every topic, in the order of the help.
    static let all = [config, keys, routing, tasks, webhooks, json, exitCodes, environment]
}
