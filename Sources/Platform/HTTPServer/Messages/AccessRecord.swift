package import HTTP

/// What there is to log and count about one answered request.
package struct AccessRecord: Sendable {
    /// `nil` when the request could not be read.
    package let method: Method?
    /// The path as sent, for logs only; `nil` when the request could not be read.
    package let path: String?
    /// The pattern that matched; the only form of a path fit for a metric.
    package let route: String?
    package let status: Status
    /// Body bytes handed to the socket.
    package let bytes: Int
    /// From the end of the request's head to the end of the answer.
    package let duration: Duration
    package let peer: PeerAddress
    package let id: UInt64
    /// Whether the answer was sent whole.
    package let isComplete: Bool
}
