package import HTTP

/// One call to a peer: what is sent, how long it may take, and how much may come back.
package struct UpstreamRequest: Sendable {
    package var method: Method
    /// An absolute `http` or `https` URL without user information or fragment.
    package var url: String
    /// Fields besides those that the client writes itself.
    ///
    /// `Host`, `Content-Length`, `Transfer-Encoding`, `Connection` and `Expect` belong to the client and are refused.
    package var fields: Fields
    /// The content; `nil` and empty are the same on the wire.
    package var body: [UInt8]?
    package var timeouts: Timeouts
    /// The longest content that the answer may have.
    package var maximumBytes: Int
    package var redirects: Redirects
    package var protocols: Protocols
    /// Which addresses may be connected to, asked after the name has been resolved.
    package var addresses: AddressPolicy
    /// Who vouches for the peer's certificate, which is always checked.
    package var trust = Trust.system

    /// A call with the usual limits.
    package init(
        _ method: Method,
        _ url: String,
        fields: Fields = [:],
        body: [UInt8]? = nil,
        timeouts: Timeouts = Timeouts(),
        maximumBytes: Int = 8 << 20,
        redirects: Redirects = .refuse,
        protocols: Protocols = .negotiated,
        addresses: AddressPolicy = .any
    ) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
        self.timeouts = timeouts
        self.maximumBytes = maximumBytes
        self.redirects = redirects
        self.protocols = protocols
        self.addresses = addresses
    }
}

extension UpstreamRequest {
    /// How long each part of a call may take.
    package struct Timeouts: Sendable, Equatable {
        /// Resolving, connecting and the TLS handshake together.
        package var connect: Duration
        /// From the last byte of the request until the answer's head is complete.
        package var firstByte: Duration
        /// The whole call, redirects and the sink's own time included.
        package var total: Duration
        /// The longest silence while content is under way in either direction.
        package var stall: Duration

        /// The usual limits.
        package init(
            connect: Duration = .seconds(10),
            firstByte: Duration = .seconds(60),
            total: Duration = .seconds(120),
            stall: Duration = .seconds(30)
        ) {
            self.connect = connect
            self.firstByte = firstByte
            self.total = total
            self.stall = stall
        }
    }

    /// Who vouches for the peer's certificate.
    ///
    /// Connections are shared by calls with the same trust only.
    package enum Trust: Sendable, Hashable {
        /// The system's authorities, or those that the client was made with.
        case system
        /// The authorities in a PEM file and no others; a redirect to another origin falls back to `system`.
        case only(String)
        /// The system's authorities and those in a PEM file.
        case also(String)
    }

    /// Which versions of HTTP may be spoken.
    package enum Protocols: Sendable, Equatable {
        /// HTTP/2 where the TLS handshake offers it, else HTTP/1.1.
        ///
        /// A server that retires an HTTP/2 connection refuses the calls that are on their way; libcurl does not say
        /// that they were refused unseen, so those with a body end as `unknown`.
        case negotiated
        /// HTTP/1.1 only: a server that retires a connection says so in an answer, so no call is caught by it. The
        /// better choice for a call whose unknown outcome is dear.
        case http11
    }

    /// What is done with an answer that points elsewhere.
    package enum Redirects: Sendable, Equatable {
        /// The 3xx answer is the answer.
        case refuse
        /// `GET` and `HEAD` follow up to `max` hops; any other method behaves as with `refuse`.
        ///
        /// Each hop is checked as a new request. When the origin changes, only fields that cannot be credentials
        /// (`Accept`, `Range`, conditions) go along, and they stay dropped if a later hop leads back.
        case follow(max: Int)
    }
}

extension UpstreamRequest: CustomStringConvertible {
    /// Method and URL without its query, which may hold a secret.
    package var description: String { "\(method) \(url.prefix { $0 != "?" })" }
}
