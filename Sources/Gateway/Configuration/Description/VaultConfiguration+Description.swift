import Crypto
import JSON
import YAML

extension VaultConfiguration {
    /// The keys of `vault`.
    static var section: Section<VaultConfiguration> {
        Section(
            "The sealed vault that ${vault:NAME} reads.",
            VaultConfiguration(),
            [
                Field(
                    "file",
                    \.file,
                    .text,
                    "The vault's file; a relative path starts at the working directory"
                ),
                Field(
                    "key",
                    \.key,
                    .oneOrMore(of: .vaultKey),
                    "What opens it, best as ${file:PATH}: 64 hexadecimal digits or a passphrase, or a list to be tried in "
                        + "turn; the environment variable \(keyVariable) when not set",
                    showsDefault: false
                ),
            ]
        )
    }
}

extension Shape<VaultConfiguration> {
    /// The section, with the vault opened for the rest of the file.
    static var openedVault: Shape {
        let section = VaultConfiguration.section
        return Shape(schema: section.schema, comparison: .section { _ in section }) { node, path, reader in
            let configuration = section.read(node, path, reader)
            reader.openVault(reader.hasProblem(within: path) ? nil : configuration, path)
            return configuration
        }
    }
}

extension Shape<Secret<String>> {
    /// A key or a passphrase, which unlike a vendor's key may hold spaces.
    fileprivate static var vaultKey: Shape {
        Shape(schema: ["type": "string", "minLength": 1]) { node, path, reader in
            guard let text = reader.text(node, path)?.text else { return nil }
            guard !text.isEmpty else {
                reader.report(node.position, path, "is empty", remedy: "give it the vault's key")
                return nil
            }
            return Secret(text)
        }
    }
}
