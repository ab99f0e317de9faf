/// The certificate that a client has shown, and that an authority of the listener vouches for.
package struct PeerCertificate: Sendable, Equatable {
    /// SHA-256 of its DER form, 32 bytes.
    package let fingerprint: [UInt8]
    /// The DNS names and URIs among its alternative names.
    package let names: [Name]

    /// A name that a certificate gives its holder.
    package enum Name: Sendable, Hashable {
        case dns(String)
        case uri(String)
    }

    /// A certificate by what it says.
    package init(fingerprint: [UInt8], names: [Name] = []) {
        self.fingerprint = fingerprint
        self.names = names
    }
}
