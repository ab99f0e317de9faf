import JSON

/// What a command prints with `--json`.
enum Document: Sendable {
    /// A document of the gateway, in words: `the answer of GET /v1/providers`.
    case of(String)
    /// A document of the command's own, by an example that has every member.
    case like(JSONValue)
}
