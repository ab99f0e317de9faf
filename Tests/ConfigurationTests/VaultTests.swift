import Configuration
import Crypto
import Testing

private let vault = TestVault(entries: ["suno/main": "k-suno", "kie/hook": "k-hook"])
private let vaultSection = "vault: {key: '${env:V}'}\n"
private let rightKey = ["V": "the right key"]

/// `${vault:NAME}`, and the section that it needs.
@Suite struct VaultTests {
    private func key(_ text: String) -> String {
        "providers: {sunoapi: {credentials: [{name: a, key: '\(text)'}]}}\n"
    }

    private func firstKey(_ configuration: GatewayConfiguration) -> String? {
        configuration.providers.first?.credentials.first?.key.reveal { $0 }
    }

    @Test(arguments: [
        ("${vault:suno/main}", "k-suno"), ("sk-${vault:suno/main}", "sk-k-suno"),
        ("${vault:suno/main}.${vault:kie/hook}", "k-suno.k-hook"),
        ("$${vault:suno/main}", "${vault:suno/main}"),
    ])
    func aCredentialsKeyMayComeFromTheVault(_ text: String, _ expected: String) throws {
        let configuration = try load(
            vaultSection + key(text),
            environment: rightKey,
            vault: vault
        )
        #expect(firstKey(configuration) == expected)
    }

    @Test func aWebhookSecretMayComeFromTheVault() throws {
        let text = "providers: {kie: {enabled: false, webhook_secret: '${vault:kie/hook}'}}"
        let configuration = try load(
            vaultSection + text,
            environment: rightKey,
            vault: vault
        )
        #expect(configuration.providers.first?.webhookSecret?.reveal { $0 } == "k-hook")
    }

    @Test func aClientsWebhookSecretMayComeFromTheVault() throws {
        let secret = "whsec_" + Base64.standard.encode([UInt8](repeating: 7, count: 32))
        let text =
            "clients: [{name: a, key_sha256: \(String(repeating: "0f", count: 32)), webhook_secret: '${vault:a}'}]"
        let configuration = try load(
            vaultSection + text,
            environment: rightKey,
            vault: TestVault(entries: ["a": secret])
        )
        #expect(configuration.clients.clients.first?.webhookSecret == [Secret(secret)])
    }

    @Test func theSectionIsReadFirstWhereverItStands() throws {
        let configuration = try load(
            key("${vault:suno/main}") + vaultSection,
            environment: rightKey,
            vault: vault
        )
        #expect(firstKey(configuration) == "k-suno")
        #expect(configuration.vault?.file == "data/vault.sealed")
    }

    @Test(arguments: [
        "vault: {key: [new key that is not used yet, '${file:old}']}",
        "vault: {key: [the right key, '${file:old}']}", "vault: {}", "vault:",
    ])
    func keysAreAListOrOneOrInTheEnvironment(_ section: String) throws {
        let configuration = try load(
            "\(section)\n" + key("${vault:suno/main}"),
            environment: ["SOUNDGATE_VAULT_KEY": "the right key"],
            files: ["old": "the right key\n"],
            vault: vault
        )
        #expect(firstKey(configuration) == "k-suno")
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        var section = vaultSection
        var text = "${vault:suno/main}"
        var environment = rightKey
        let lines: [String]
        var testDescription: String { "\(section)\(text)" }
    }

    @Test(arguments: [
        Mistake(
            text: "${vault:suno/mian}",
            lines: [
                "2:52: providers.sunoapi.credentials[0].key: the vault has nothing called \"suno/mian\"; did you mean \"suno/main\"?"
            ]
        ),
        Mistake(
            text: "x${vault:zzz}",
            lines: [
                "2:52: providers.sunoapi.credentials[0].key: the vault has nothing called \"zzz\"; add it with: soundgate vault set NAME"
            ]
        ),
        Mistake(
            text: "${vault:}",
            lines: [
                "2:52: providers.sunoapi.credentials[0].key: the vault has nothing called \"\"; add it with: soundgate vault set NAME"
            ]
        ),
        Mistake(
            section: "\n",
            lines: [
                "2:52: providers.sunoapi.credentials[0].key: refers to a vault, and there is no vault section; add vault: { file: PATH, key: \"${file:PATH}\" }, or use ${env:…} or ${file:…}"
            ]
        ),
        Mistake(
            section: "vault: {file: elsewhere, key: '${env:V}'}\n",
            lines: ["1:15: vault.file: the vault elsewhere is not there; make it"]
        ),
        Mistake(
            environment: ["V": "the wrong key"],
            lines: ["1:14: vault.key: the vault data/vault.sealed does not open with this key; use the other"]
        ),
        Mistake(
            environment: [:],
            lines: [
                "1:14: vault.key: the environment variable V is not set; set it, or write ${env:V:-default}"
            ]
        ),
        Mistake(
            environment: ["V": ""],
            lines: ["1:14: vault.key: is empty; give it the vault's key"]
        ),
        Mistake(
            section: "vault: {}\n",
            lines: ["1:8: vault: has no key; add key: ${file:PATH}, or set SOUNDGATE_VAULT_KEY"]
        ),
        Mistake(
            section: "vault: {keys: x}\n",
            lines: ["1:9: vault.keys: unknown key; did you mean \"key\"?"]
        ),
        Mistake(
            section: "vault: {key: '${vault:suno/main}'}\n",
            lines: [
                "1:14: vault.key: is no secret, and the vault is for secrets only; use ${env:…} or ${file:…}"
            ]
        ),
    ])
    func whatDoesNotOpenIsToldOnce(_ mistake: Mistake) {
        let found = lines(
            mistake.section + key(mistake.text),
            environment: mistake.environment,
            vault: vault
        )
        #expect(found == mistake.lines.map { "f.yaml:\($0)" })
    }

    @Test func noProblemShowsAValue() {
        let text = "vault: {key: '${env:V}'}\n" + key("${vault:bad} ${vault:none}")
        let vault = TestVault(key: "k3y-of-the-vault", entries: ["bad": "s3cret\nvalue"])
        let printed = lines(text, environment: ["V": "k3y-of-the-vault"], vault: vault).joined()
        #expect(!printed.isEmpty)
        #expect(!printed.contains("s3cret"))
        #expect(!printed.contains("k3y"))
        let bad = lines(
            "vault: {key: '${env:V}'}\n" + key("${vault:bad}"),
            environment: ["V": "k3y-of-the-vault"],
            vault: vault
        ).joined()
        #expect(bad.contains("holds spaces, line breaks"))
        #expect(!bad.contains("s3cret"))
    }

    // MARK: The section alone

    private func section(_ text: String, needsKey: Bool) throws(ConfigurationProblems) -> VaultConfiguration?
    {
        try VaultConfiguration.load(
            text: text,
            fileName: "f.yaml",
            needsKey: needsKey,
            environment: { _ in nil },
            readFile: { _ in throw NoSuchFile() }
        )
    }

    @Test func theSectionCanBeReadBeforeThereIsAVault() throws {
        let text =
            "vault: {file: x, key: abc}\nproviders: {sunoapi: {credentials: [{key: '${vault:a}'}]}, nonsense: 1}"
        let configuration = try section(text, needsKey: true)
        #expect(configuration?.file == "x")
        #expect(configuration?.key == [Secret("abc")])
        #expect(try section("server: {}", needsKey: true) == nil)
    }

    @Test func aKeyThatIsNotThereYetMattersOnlyWhereItIsNeeded() throws {
        let text = "vault: {file: x, key: '${file:vault.key}'}"
        #expect(try section(text, needsKey: false)?.file == "x")
        #expect(throws: ConfigurationProblems.self) { try section(text, needsKey: true) }
        #expect(throws: ConfigurationProblems.self) { try section("vault: {fil: x}", needsKey: false) }
    }
}
