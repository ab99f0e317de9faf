package import HTTP

/// A complete answer.
package struct UpstreamResponse: Sendable {
    package let status: Status
    package let fields: Fields
    /// The content; empty when a sink took it.
    package let body: [UInt8]
    /// Where the answer came from, after redirects.
    package let effectiveURL: String
    package let version: ProtocolVersion
    /// Whether the call found an open connection.
    package let connectionReused: Bool
    /// The peer's address as text.
    package let primaryAddress: String

    /// An answer from its parts.
    package init(
        status: Status,
        fields: Fields,
        body: [UInt8],
        effectiveURL: String,
        version: ProtocolVersion = .http11,
        connectionReused: Bool = false,
        primaryAddress: String = ""
    ) {
        self.status = status
        self.fields = fields
        self.body = body
        self.effectiveURL = effectiveURL
        self.version = version
        self.connectionReused = connectionReused
        self.primaryAddress = primaryAddress
    }

    /// The protocol that the answer came by.
    package enum ProtocolVersion: String, Sendable {
        case http10 = "HTTP/1.0"
        case http11 = "HTTP/1.1"
        case http2 = "HTTP/2"
        case http3 = "HTTP/3"
    }
}
