package import HTTP

/// Which peers a call may connect to, asked with the very address that is about to be used.
///
/// The question comes after name resolution and again before each request on a connection that is reused, so a name
/// that resolves differently from one moment to the next does not slip past. With a proxy the address is the proxy's.
package struct AddressPolicy: Sendable {
    private let admitting: @Sendable (PeerAddress, Authority) -> Bool

    /// A policy from a rule.
    ///
    /// The authority is the URL's, its port always filled in. The rule runs on the loop and must not block.
    package init(_ admitting: @escaping @Sendable (PeerAddress, Authority) -> Bool) {
        self.admitting = admitting
    }

    /// Whether a connection to `address` for `authority` is admitted.
    package func admits(_ address: PeerAddress, for authority: Authority) -> Bool {
        admitting(address, authority)
    }

    /// No restriction: for base URLs that an operator wrote.
    package static let any = AddressPolicy { _, _ in true }

    /// Public addresses only: for URLs that came from a peer.
    package static let publicOnly = AddressPolicy { address, _ in address.isPublic }

    /// Public addresses, and whatever the given hosts resolve to; a host must match exactly, its port included.
    package static func publicOnly(except allowed: Set<Authority>) -> AddressPolicy {
        AddressPolicy { address, authority in address.isPublic || allowed.contains(authority) }
    }
}
