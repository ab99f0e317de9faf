import Configuration
import Crypto
import Testing

@Suite("Keys in HashiCorp Vault")
struct HashiCorpTests {
    private static let section = "vault: { hashicorp: { address: \"https://v.example:8200\", token: t } }"

    private static func text(_ reference: String, section: String = HashiCorpTests.section) -> String {
        """
        \(section)
        providers:
          sunoapi: { credentials: [ { name: main, key: "\(reference)" } ] }
        """
    }

    private func load(_ text: String, _ values: [String: String]) throws -> GatewayConfiguration {
        try GatewayConfiguration.load(
            text: text,
            fileName: "f.yaml",
            adapters: adapters,
            environment: { _ in nil },
            readFile: { _ in throw NoSuchFile() },
            openVault: TestVault().open,
            hashiCorp: HashiCorpSecrets { reference throws(VaultRefusal) in
                guard let value = values[reference.description] else {
                    throw VaultRefusal("\(reference) cannot be read", remedy: "look there")
                }
                return Secret(value)
            }
        )
    }

    private func problems(_ text: String) -> [String] {
        do {
            _ = try load(text, [:])
            return []
        } catch let problems as ConfigurationProblems {
            return problems.list.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    private func needs(_ text: String) -> HashiCorpNeeds? {
        HashiCorpNeeds(text: text, fileName: "f.yaml", environment: { _ in nil }) { _ in throw NoSuchFile() }
    }

    @Test("a file says what it needs, each value once, and gets it; no sealed file is opened for that")
    func values() throws {
        let text =
            Self.text("${hcv:secret/a/b#key}") + "\n  musicgpt: { enabled: false, credentials: "
            + "[ { name: one, key: \"${hcv:secret/a/b#key}\" }, { name: two, key: \"x${hcv:kv/c#d}\" } ] }"
        let needs = try #require(self.needs(text))
        #expect(needs.server.address == "https://v.example:8200")
        #expect(needs.references.map(\.description).sorted() == ["kv/c#d", "secret/a/b#key"])
        let loaded = try load(text, ["secret/a/b#key": "one", "kv/c#d": "two"])
        let keys = loaded.providers.flatMap(\.credentials).map { $0.key.reveal { $0 } }
        #expect(keys == ["one", "one", "xtwo"])
        #expect(loaded.vault?.hasFile == false)
    }

    @Test(
        "what is no reference to a field is told where it stands",
        arguments: [
            "secret#key", "secret/a", "secret/a#", "/a#key", "secret//a#key", "secret/../a#key", "a/b c#d",
        ]
    )
    func malformed(argument: String) {
        let problem = problems(Self.text("${hcv:\(argument)}"))
        #expect(problem.count == 1)
        #expect(problem.first?.contains("that is not MOUNT/PATH#FIELD") == true, "\(problem)")
        #expect(problem.first?.hasPrefix("f.yaml:3:") == true)
    }

    @Test("what the server says is told where the reference stands")
    func refused() {
        #expect(
            problems(Self.text("${hcv:secret/a#key}")) == [
                "f.yaml:3:48: providers.sunoapi.credentials[0].key: secret/a#key cannot be read; look there"
            ]
        )
    }

    @Test(
        "one way to log in, and an address",
        arguments: [
            ("{ address: \"https://v\" }", "has no way to log in"),
            ("{ address: \"https://v\", token: t, role_id: r, secret_id: s }", "has two ways to log in"),
            ("{ address: \"https://v\", role_id: r }", "has half of a login by AppRole"),
            ("{ token: t }", "is missing"), ("{ address: v, token: t }", "vault.hashicorp.address: "),
            ("{ address: \"https://v\", token: \"${vault:t}\" }", "is no secret"),
        ]
    )
    func sections(section: String, words: String) {
        let found = problems(Self.text("${hcv:secret/a#key}", section: "vault: { hashicorp: \(section) }"))
        #expect(found.count == 1, "what depends on it is not told again: \(found)")
        #expect(found.first?.contains(words) == true, "\(found)")
    }

    @Test("without the section, and where no secret belongs, it is a problem")
    func places() {
        let none = problems(Self.text("${hcv:secret/a#key}", section: "vault:"))
        #expect(none.contains { $0.contains("there is no vault.hashicorp section") }, "\(none)")
        let text = Self.section + "\nassets: { directory: \"${hcv:secret/a#key}\" }"
        #expect(problems(text).first?.contains("is no secret, and the vault is for secrets only") == true)
    }
}
