package import Crypto

/// A server of HashiCorp Vault or OpenBao that `${hcv:MOUNT/PATH#FIELD}` reads.
package struct HashiCorpConfiguration: Sendable, Equatable {
    /// Where it listens, without a slash at its end.
    package var address = ""
    /// A token that was made for this gateway; `nil` when it logs in by AppRole.
    package var token: Secret<String>?
    /// The role's id, for a login by AppRole.
    package var roleID: Secret<String>?
    /// The role's secret id.
    package var secretID: Secret<String>?
    /// Where AppRole is mounted below `auth/`.
    package var loginMount = "approle"
    /// The namespace of everything that is read; `nil` for the root.
    package var namespace: String?
    /// A PEM file with the authorities that may vouch for the server; `nil` for the system's.
    package var ca: String?
    /// How often values are read again.
    package var refresh: Duration = .seconds(300)
    /// How long a start waits for a server that does not answer or is sealed.
    package var wait: Duration = .seconds(10)

    /// The defaults; useless without an address and a login.
    package init() {}
}

/// A value on such a server: `${hcv:MOUNT/PATH#FIELD}` without what surrounds it.
package struct HashiCorpReference: Sendable, Hashable, CustomStringConvertible {
    /// Where the KV engine (version 2) is mounted.
    package let mount: String
    /// The secret below it.
    package let path: String
    /// One of the secret's fields.
    package let field: String

    /// A reference from its three parts.
    package init(mount: String, path: String, field: String) {
        self.mount = mount
        self.path = path
        self.field = field
    }

    /// Reads `MOUNT/PATH#FIELD`; the mount is what stands before the first slash.
    init(parsing text: Substring) throws(Malformed) {
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let place = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = place.allSatisfy { segment in
            !segment.isEmpty && segment != "." && segment != ".."
                && segment.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                        || (0x61...0x7A).contains(byte) || "-._~%".utf8.contains(byte)
                }
        }
        guard parts.count == 2, place.count >= 2, isPlain, !parts[1].isEmpty else {
            throw Malformed(
                "has a ${hcv:} that is not MOUNT/PATH#FIELD",
                remedy: "write ${hcv:secret/soundgate/suno#key}, without the data/ of the HTTP API"
            )
        }
        mount = String(place[0])
        path = place.dropFirst().joined(separator: "/")
        field = String(parts[1])
    }

    /// As it stands in a file, without `${hcv:` and `}`.
    package var description: String { "\(mount)/\(path)#\(field)" }
}

/// The values on such a server, as `${hcv:…}` sees them.
package struct HashiCorpSecrets: Sendable {
    /// The value behind a reference.
    package let secret: @Sendable (HashiCorpReference) throws(VaultRefusal) -> Secret<String>

    /// Values by their references.
    package init(
        secret: @escaping @Sendable (HashiCorpReference) throws(VaultRefusal) -> Secret<String>
    ) {
        self.secret = secret
    }

    /// Nobody has read any.
    package static let none = HashiCorpSecrets { reference throws(VaultRefusal) in
        throw VaultRefusal("\(reference) was not read", remedy: "this command reads no ${hcv:…}")
    }
}
