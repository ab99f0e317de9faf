package import Crypto

/// Where vendors' keys are kept, sealed or by another service, and what opens them.
package struct VaultConfiguration: Sendable, Equatable {
    /// The vault's file; a relative path starts at the working directory, an empty one is none.
    package var file = "data/vault.sealed"
    /// The keys to try, in this order: while a vault is given a new key, the new one and the old one.
    ///
    /// Empty means ``keyVariable``.
    package var key: [Secret<String>] = []
    /// A server of HashiCorp Vault or OpenBao beside the file, or instead of it.
    package var hashicorp: HashiCorpConfiguration?

    /// Whether there is a file: not where the section names a server and nothing else.
    package var hasFile: Bool { !file.isEmpty }

    /// The environment variable that holds the key where the file names none.
    package static let keyVariable = "SOUNDGATE_VAULT_KEY"

    /// The defaults.
    package init() {}
}

/// An opened vault, as `${vault:NAME}` sees it.
package struct VaultSecrets: Sendable {
    /// The names of its entries.
    package let names: [String]
    /// The value under one of the names.
    package let secret: @Sendable (_ name: String) throws(VaultRefusal) -> Secret<String>

    /// Entries by their names, each opened when it is asked for.
    package init(
        names: [String],
        secret: @escaping @Sendable (_ name: String) throws(VaultRefusal) -> Secret<String>
    ) {
        self.names = names
        self.secret = secret
    }
}

/// Why a vault does not open.
package struct VaultRefusal: Error, Sendable, Equatable {
    /// What is wrong, without any value.
    package let complaint: String
    /// What to do about it.
    package let remedy: String
    /// Whether the key is at fault, not the file.
    package let isAboutTheKey: Bool

    /// A complaint and a way out.
    package init(_ complaint: String, remedy: String, isAboutTheKey: Bool = false) {
        self.complaint = complaint
        self.remedy = remedy
        self.isAboutTheKey = isAboutTheKey
    }
}
