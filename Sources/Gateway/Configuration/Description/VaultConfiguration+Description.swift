import Crypto
import JSON
import YAML

extension VaultConfiguration {
    /// The keys of `vault`.
    static var section: Section<VaultConfiguration> {
        Section(
            "The sealed vault that ${vault:NAME} reads, and the server that ${hcv:MOUNT/PATH#FIELD} reads.",
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
                Field(
                    "hashicorp",
                    \.hashicorp,
                    .hashiCorpServer,
                    "The server of HashiCorp Vault or OpenBao that ${hcv:MOUNT/PATH#FIELD} reads"
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
            guard var configuration = section.read(node, path, reader) else {
                reader.openVault(nil, path)
                return nil
            }
            let keys = node.mapping?.entries.map(\.key) ?? []
            let hasServer = keys.contains("hashicorp")
            if hasServer, !keys.contains("file"), !keys.contains("key") { configuration.file = "" }
            reader.noteServer(hasServer, isUsable: configuration.hashicorp != nil, path)
            if configuration.hasFile {
                reader.openVault(reader.hasProblem(within: path) ? nil : configuration, path)
            }
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

extension HashiCorpConfiguration {
    /// The keys of `vault.hashicorp`.
    static var section: Section<HashiCorpConfiguration> {
        Section(
            "A server of HashiCorp Vault or OpenBao. Its own secrets come from ${env:NAME} or ${file:PATH}.",
            HashiCorpConfiguration(),
            [
                Field(
                    "address",
                    \.address,
                    .webAddress,
                    "Where it listens, as https://vault.internal.example:8200",
                    required: true
                ),
                Field("token", \.token, .outsideSecret, "A token; or role_id and secret_id"),
                Field("role_id", \.roleID, .outsideSecret, "The id of the AppRole to log in with"),
                Field("secret_id", \.secretID, .outsideSecret, "The AppRole's secret id"),
                Field(
                    "login_mount",
                    \.loginMount,
                    .name,
                    "Where AppRole is mounted below auth/"
                ),
                Field("namespace", \.namespace, .text, "The namespace of everything that is read"),
                Field(
                    "ca",
                    \.ca,
                    .text,
                    "A PEM file with the authorities that may vouch for the server, from the working directory; else the system's"
                ),
                Field(
                    "refresh",
                    \.refresh,
                    .duration(in: .seconds(1) ... .seconds(86_400)),
                    "How often values are read again; changed ones are taken up"
                ),
                Field(
                    "wait",
                    \.wait,
                    .duration(in: .zero ... .seconds(3600)),
                    "How long a start waits for a server that does not answer or is sealed"
                ),
            ]
        )
    }
}

extension Shape<HashiCorpConfiguration> {
    /// The section, with one way to log in.
    fileprivate static var hashiCorpServer: Shape {
        Shape.section(HashiCorpConfiguration.section).checked { server, path, reader in
            guard !reader.hasProblem(within: path) else { return }
            let isRole = server.roleID != nil || server.secretID != nil
            if (server.token != nil) == isRole {
                reader.report(
                    reader.position(of: path),
                    path,
                    isRole ? "has two ways to log in" : "has no way to log in",
                    remedy: "give it either token, or role_id and secret_id"
                )
            } else if isRole, server.roleID == nil || server.secretID == nil {
                reader.report(
                    reader.position(of: path),
                    path,
                    "has half of a login by AppRole",
                    remedy: "give it both role_id and secret_id"
                )
            }
        }
    }
}

extension Shape<Secret<String>> {
    /// A secret that opens the others, so that none of them can hold it.
    fileprivate static var outsideSecret: Shape {
        Shape(schema: ReferenceSchema.or(["type": "string", "minLength": 1])) { node, path, reader in
            guard let text = reader.text(node, path)?.text else { return nil }
            guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                reader.report(
                    node.position,
                    path,
                    text.isEmpty
                        ? "is empty" : "holds spaces, line breaks or other characters that no key has",
                    remedy: "check what was pasted"
                )
                return nil
            }
            return Secret(text)
        }
    }
}
