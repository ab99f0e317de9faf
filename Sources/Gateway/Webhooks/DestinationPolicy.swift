package import HTTP
package import HTTPClient

/// Where webhooks may go: public addresses, and what the operator allows besides.
///
/// Callers choose the addresses, so what they could not reach themselves must not be reached for them. The rule is
/// asked with the very address that is about to be connected to, for each connection and each request on one, so a name
/// that resolves differently from one moment to the next does not slip past; redirects are never followed.
package struct DestinationPolicy: Sendable, Equatable {
    /// A host by the name or address that a URL has.
    package struct Host: Sendable, Hashable {
        /// In lower case.
        package var name: String
        /// Every port when `nil`.
        package var port: UInt16?

        /// A host on one port or all.
        package init(name: String, port: UInt16? = nil) {
            self.name = name
            self.port = port
        }
    }

    /// What is allowed though it is not public.
    package var ranges: [AddressRange] = []
    /// What is allowed whatever it resolves to.
    package var hosts: Set<Host> = []
    /// Whether this machine itself may be called: while nobody else can call the gateway.
    package var allowsLoopback = false

    /// Public addresses only.
    package init() {}

    private static let loopback = [
        AddressRange(address: [127, 0, 0, 0], bits: 8),
        AddressRange(address: [UInt8](repeating: 0, count: 15) + [1], bits: 128),
    ].compactMap(\.self)

    /// Whether a connection to an address may be made for the host and port of a URL.
    package func admits(_ address: PeerAddress, for authority: Authority) -> Bool {
        address.isPublic || hosts.contains(Host(name: authority.host))
            || hosts.contains(Host(name: authority.host, port: authority.port))
            || ranges.contains { $0.contains(address.bytes) }
            || (allowsLoopback && Self.loopback.contains { $0.contains(address.bytes) })
    }

    /// Whether a URL names an address that is not allowed, in whatever spelling; what a name stands for is seen when it
    /// is connected to.
    package func refuses(_ url: HTTPURL) -> Bool {
        guard let address = PeerAddress(host: url.host, port: url.port) else { return false }
        return !admits(address, for: Authority(host: url.host, port: url.port))
    }

    /// The same for the client to ask.
    package var addresses: AddressPolicy {
        AddressPolicy { address, authority in admits(address, for: authority) }
    }
}
