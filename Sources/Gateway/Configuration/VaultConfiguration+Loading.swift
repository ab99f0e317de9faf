import YAML

extension VaultConfiguration {
    /// Reads the `vault` section alone, for whoever makes the vault that the rest of the file needs.
    ///
    /// - Parameters:
    ///   - text: The file's text.
    ///   - fileName: Its name as the operator gave it.
    ///   - needsKey: Whether it matters that a `key` cannot be read.
    ///   - environment: The value of an environment variable, if set.
    ///   - readFile: The text of a file; its error is shown to the operator.
    /// - Returns: The section, `nil` where there is none.
    /// - Throws: What is wrong with the section, or with the file as YAML.
    package static func load(
        text: String,
        fileName: String,
        needsKey: Bool,
        environment: @escaping (String) -> String?,
        readFile: @escaping (String) throws -> String
    ) throws(ConfigurationProblems) -> VaultConfiguration? {
        let root = try YAMLNode(configuration: text, fileName: fileName)
        guard let node = root.mapping?["vault"] else { return nil }
        let references = References(fileName: fileName, environment: environment, readFile: readFile)
        let reader = Reader(fileName: fileName, references: references) { _ throws(VaultRefusal) in
            VaultSecrets(names: []) { name throws(VaultRefusal) in
                throw VaultRefusal("the vault is not read here", remedy: "name \(name) elsewhere")
            }
        }
        var configuration = section.read(node, "vault", reader)
        // What stands there opens nothing here.
        if reader.hasProblem(within: "vault.hashicorp") { configuration?.hashicorp = nil }
        let problems = reader.problems.filter { problem in
            !problem.path.hasPrefix("vault.hashicorp") && (needsKey || !problem.path.hasPrefix("vault.key"))
        }
        guard let configuration, problems.isEmpty else { throw ConfigurationProblems(problems) }
        return configuration
    }
}
