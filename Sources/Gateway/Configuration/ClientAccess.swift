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
