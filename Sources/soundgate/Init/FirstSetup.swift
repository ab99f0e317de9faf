import Configuration
import Crypto
import Providers

/// What a first configuration is to have, as somebody answered or as options say.
struct FirstSetup {
    /// Where vendors' keys come from.
    enum Keys: String, CaseIterable { case vault, env, file }

    /// A vendor that somebody has an account with.
    struct Vendor {
        let adapter: ProviderDescriptor
        /// The name of its section: the adapter's, or the shorter one that was given.
        let name: String
        /// A key that was typed, or that stood in the environment.
        var key: Secret<String>?
        /// Whether its key is to be had now, so that the section can be live.
        var isReady = false

        /// The environment variable that its key is looked for in.
        var variable: String {
            name.uppercased().map { $0 == "-" || $0 == "." ? "_" : "\($0)" }.joined() + "_KEY"
        }
        /// Its key's name in the vault.
        var entry: String { "\(name)/main" }
    }

    /// A key for callers, shown once.
    struct Client {
        let name: String
        let key: String
        let digest: String
    }

    var vendors: [Vendor] = []
    var keys = Keys.vault
    var listen = "127.0.0.1:8080"
    var client: Client?

    /// Whether a vault is to be there.
    var wantsVault: Bool { keys == .vault && !vendors.isEmpty }

    /// Whether only this machine can reach the address.
    var isLocal: Bool {
        do throws(Malformed) { return try ListenAddress(parsing: listen).isLocal } catch { return false }
    }

    // MARK: Reading

    /// The vendors in a list such as `suno, elevenlabs`, each by its adapter's name or an unmistakable beginning of it.
    static func vendors(in text: String) throws(UsageError) -> [Vendor] {
        let words = text.split { $0 == "," || $0.isWhitespace }.map { $0.lowercased() }
        if words == ["none"] || words == ["-"] { return [] }
        var found: [Vendor] = []
        for word in words {
            let vendor = try vendor(word)
            if !found.contains(where: { $0.name == vendor.name }) { found.append(vendor) }
        }
        return found
    }

    private static func vendor(_ word: String) throws(UsageError) -> Vendor {
        let known = catalog.filter(\.needsCredential)
        if let number = Int(word), known.indices.contains(number - 1) {
            return Vendor(adapter: known[number - 1], name: known[number - 1].id)
        }
        if let adapter = known.first(where: { $0.id == word }) { return Vendor(adapter: adapter, name: word) }
        let beginnings = known.filter { $0.id.hasPrefix(word) }
        guard let adapter = beginnings.first, beginnings.count == 1 else {
            let names = known.map(\.id).joined(separator: ", ")
            throw UsageError(
                "there is no vendor \"\(printable(word))\"; known are \(names), and none",
                command: "init"
            )
        }
        return Vendor(adapter: adapter, name: word)
    }

    /// Where keys come from, by its word.
    static func keys(_ text: String) throws(UsageError) -> Keys {
        guard let keys = Keys(rawValue: text.lowercased()) else {
            throw UsageError(
                "keys come from vault, env or file, not from \"\(printable(text))\"",
                command: "init"
            )
        }
        return keys
    }

    /// An address to listen on, as it was written.
    static func listen(_ text: String) throws(UsageError) -> String {
        do throws(Malformed) {
            _ = try ListenAddress(parsing: text)
            return text
        } catch {
            let words = [error.complaint, error.remedy].compactMap(\.self).joined(separator: "; ")
            throw UsageError("\"\(printable(text))\" \(words)", command: "init")
        }
    }

    /// A client of that name with a new key; none for `none`.
    static func client(_ text: String) throws(UsageError) -> Client? {
        guard text != "none", text != "-" else { return nil }
        let (key, digest) = ClientCommand.newKey()
        try ClientCommand.check(text, digest, "init")
        return Client(name: text, key: key, digest: digest)
    }
}
