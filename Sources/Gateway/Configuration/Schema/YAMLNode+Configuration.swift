import YAML

extension YAMLNode {
    /// The tree of a config file's text.
    init(configuration text: String, fileName: String) throws(ConfigurationProblems) {
        do {
            self = try YAMLNode(parsing: text)
        } catch {
            let lines = text.split(
                separator: "\n",
                maxSplits: error.position.line,
                omittingEmptySubsequences: false
            )
            let line = lines.indices.contains(error.position.line - 1) ? lines[error.position.line - 1] : ""
            // `{ key: ${env:NAME} }` is the mistake that everybody makes once: the brace ends the map.
            let remedy = line.contains("${") ? "put quotes around a value with ${…} inside [ ] or { }" : nil
            throw ConfigurationProblems([
                ConfigurationProblem(
                    file: fileName,
                    position: error.position,
                    message: error.message,
                    remedy: remedy
                )
            ])
        }
    }
}
