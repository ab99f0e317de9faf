import Configuration

/// The adapters that these tests pretend to have.
let adapters = [
    KnownAdapter(id: "sunoapi", needsCredential: true),
    KnownAdapter(id: "musicgpt", needsCredential: true),
    KnownAdapter(id: "kie", needsCredential: true, signsCallbacks: true),
    KnownAdapter(id: "builtin", needsCredential: false, isEnabledByDefault: true),
]

/// A secret of Standard Webhooks, of 32 bytes.
let signingSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

struct NoSuchFile: Error, CustomStringConvertible {
    var description: String { "no such file" }
}

/// Loads a text in a world of the test's own.
func load(
    _ text: String,
    fileName: String = "f.yaml",
    environment: [String: String] = [:],
    files: [String: String] = [:]
) throws(ConfigurationProblems) -> GatewayConfiguration {
    try GatewayConfiguration.load(
        text: text,
        fileName: fileName,
        adapters: adapters,
        environment: { environment[$0] },
        readFile: { path in
            guard let file = files[path] else { throw NoSuchFile() }
            return file
        }
    )
}

/// The lines that a text's problems print as; none when it loads.
func lines(
    _ text: String,
    fileName: String = "f.yaml",
    environment: [String: String] = [:],
    files: [String: String] = [:]
) -> [String] {
    do {
        _ = try load(text, fileName: fileName, environment: environment, files: files)
        return []
    } catch {
        return error.description.split(separator: "\n").map(String.init)
    }
}
