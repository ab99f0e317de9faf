package import Crypto

/// Who may call the gateway.
package enum ClientAccess: Sendable, Equatable {
    /// Nobody was named: no key is needed, and only loopback and Unix sockets may be listened on.
    case loopbackOnly
    /// `clients: open`: no key is needed, on any address, because the operator said so.
    case open
    /// Only these, each with its own key; never empty.
    case listed([Client])

    /// The named clients; empty when no key is needed.
    package var clients: [Client] {
        if case .listed(let clients) = self { clients } else { [] }
    }

    /// Whether a request must carry a client key.
    package var requiresKey: Bool { !clients.isEmpty }
}

/// A caller with a key of its own.
package struct Client: Sendable, Equatable {
    /// Unique; shown as the owner of its tasks.
    package var name: String
    /// SHA-256 of the key's UTF-8 bytes, in 64 lower-case hexadecimal digits.
    package var keySHA256: String
    /// Whether it sees the tasks of all clients.
    package var isAdmin: Bool
    /// What signs its webhooks: several while one takes the place of another, none for webhooks without a signature.
    package var webhookSecret: [Secret<String>] = []
    /// The certificates that stand for it, where the listener asks for them.
    package var certificates: [CertificateMatch] = []

    /// A client by its name and its key's digest.
    package init(name: String, keySHA256: String, isAdmin: Bool = false) {
        self.name = name
        self.keySHA256 = keySHA256
        self.isAdmin = isAdmin
    }
}
