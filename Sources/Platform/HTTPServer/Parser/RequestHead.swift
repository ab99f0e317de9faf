package import HTTP

/// Everything of a request that comes before its body.
package struct RequestHead: Sendable {
    /// How the body ends.
    package enum Framing: Hashable, Sendable {
        /// There is no body.
        ///
        /// A request without `Content-Length` and `Transfer-Encoding` has none (RFC 9112 section 6.3), so 411 is never
        /// the parser's answer; a handler that insists on a body sees an empty one.
        case none
        case length(Int)
        case chunked
    }

    package var method: Method
    package var target: RequestTarget
    package var version: Version
    package var fields: Fields
    /// Host and port the client asked for, from the absolute target or `Host`; `nil` only in HTTP/1.0.
    package var authority: String?
    package var framing: Framing
    /// Whether the client wants to send another request on the connection.
    package var keepsAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the body.
    package var expectsContinue: Bool

    /// A head by its parts; the rest as an ordinary HTTP/1.1 client has it.
    package init(method: Method, target: RequestTarget, version: Version = .http11, fields: Fields = [:]) {
        self.method = method
        self.target = target
        self.version = version
        self.fields = fields
        authority = fields["Host"]
        framing = .none
        keepsAlive = version == .http11
        expectsContinue = false
    }
}
