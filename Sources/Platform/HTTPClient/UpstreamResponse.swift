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

    /// The protocol that the answer came by.
    package enum ProtocolVersion: String, Sendable {
        case http10 = "HTTP/1.0"
        case http11 = "HTTP/1.1"
        case http2 = "HTTP/2"
        case http3 = "HTTP/3"
    }
}
