import Configuration
import Crypto

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

/// A vault that opens with one key, or not at all.
struct TestVault: Sendable {
    var file = "data/vault.sealed"
    var key = "the right key"
    var entries: [String: String] = [:]

    @Sendable func open(_ configuration: VaultConfiguration) throws(VaultRefusal) -> VaultSecrets {
        guard configuration.file == file else {
            throw VaultRefusal("the vault \(configuration.file) is not there", remedy: "make it")
        }
        guard configuration.key.contains(Secret(key)) else {
            throw VaultRefusal(
                "the vault \(file) does not open with this key",
                remedy: "use the other",
                isAboutTheKey: true
            )
        }
        return VaultSecrets(names: entries.keys.sorted()) { name throws(VaultRefusal) in
            guard let value = entries[name] else { throw VaultRefusal("asked for no entry", remedy: "") }
            return Secret(value)
        }
    }
}

/// Loads a text in a world of the test's own.
func load(
    _ text: String,
    fileName: String = "f.yaml",
    environment: [String: String] = [:],
    files: [String: String] = [:],
    certificates: CertificateInspection = .none,
    vault: TestVault = TestVault()
) throws(ConfigurationProblems) -> GatewayConfiguration {
    try GatewayConfiguration.load(
        text: text,
        fileName: fileName,
        adapters: adapters,
        environment: { environment[$0] },
        readFile: { path in
            guard let file = files[path] else { throw NoSuchFile() }
            return file
        },
        certificates: certificates,
        openVault: vault.open
    )
}

/// The lines that a text's problems print as; none when it loads.
func lines(
    _ text: String,
    fileName: String = "f.yaml",
    environment: [String: String] = [:],
    files: [String: String] = [:],
    certificates: CertificateInspection = .none,
    vault: TestVault = TestVault()
) -> [String] {
    do {
        _ = try load(
            text,
            fileName: fileName,
            environment: environment,
            files: files,
            certificates: certificates,
            vault: vault
        )
        return []
    } catch {
        return error.description.split(separator: "\n").map(String.init)
    }
}
