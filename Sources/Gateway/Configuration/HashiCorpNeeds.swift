import YAML

/// What has to be read from HashiCorp Vault or OpenBao before a file can be loaded.
package struct HashiCorpNeeds: Sendable {
    /// The server.
    package let server: HashiCorpConfiguration
    /// Every value that the file refers to, each once.
    package let references: Set<HashiCorpReference>

    /// Looks through a file; `nil` when it names no server or is not fit to be read, which loading it tells.
    ///
    /// The parameters are those of ``GatewayConfiguration/load(text:fileName:adapters:environment:readFile:certificates:openVault:hashiCorp:)``.
    package init?(
        text: String,
        fileName: String,
        environment: @escaping (String) -> String?,
        readFile: @escaping (String) throws -> String
    ) {
        do throws(ConfigurationProblems) {
            let root = try YAMLNode(configuration: text, fileName: fileName)
            let vault = try VaultConfiguration.load(
                text: text,
                fileName: fileName,
                needsKey: false,
                environment: environment,
                readFile: readFile
            )
            guard let server = vault?.hashicorp else { return nil }
            self.server = server
            references = Self.references(in: root)
        } catch {
            return nil
        }
    }

    private static func references(in node: YAMLNode) -> Set<HashiCorpReference> {
        switch node.content {
        case .sequence(let elements): return elements.reduce(into: []) { $0.formUnion(references(in: $1)) }
        case .mapping(let mapping):
            return mapping.entries.reduce(into: []) { $0.formUnion(references(in: $1.value)) }
        case .scalar(let scalar):
            var found: Set<HashiCorpReference> = []
            var rest = scalar.text[...]
            while let range = rest.firstRange(of: "${hcv:") {
                rest = rest[range.upperBound...]
                guard let end = rest.firstIndex(of: "}") else { break }
                do throws(Malformed) {
                    found.insert(try HashiCorpReference(parsing: rest[..<end]))
                } catch {
                    // Told of, with its place, when the file is loaded.
                }
                rest = rest[end...]
            }
            return found
        }
    }
}
