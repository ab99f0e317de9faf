package import HTTP
package import TLS

/// A request on its way through the router to its handler.
package struct Request: Sendable {
    package var head: RequestHead
    package var body: RequestBody
    /// What the path held in place of the route's parameters.
    package var parameters = PathParameters()
    /// Who sent it: at first whoever has made the connection.
    package var peer: PeerAddress
    /// Tells this process' requests apart; not unique beyond it.
    package let id: UInt64
    /// Whether it came by TLS.
    package var isSecure = false
    /// The certificate that its connection has shown and that holds.
    package var clientCertificate: PeerCertificate?

    /// A request by its parts.
    package init(
        head: RequestHead,
        body: RequestBody = RequestBody(),
        peer: PeerAddress = .local,
        id: UInt64 = 0
    ) {
        self.head = head
        self.body = body
        self.peer = peer
        self.id = id
    }

    /// A request made by hand, for tests and calls within the process; `nil` when the target is malformed.
    package init?(_ method: Method, _ target: String, fields: Fields = [:], body: [UInt8] = []) {
        guard let target = RequestTarget(target) else { return nil }
        var head = RequestHead(method: method, target: target, fields: fields)
        if !body.isEmpty { head.framing = .length(body.count) }
        self.init(head: head, body: RequestBody(body))
    }

    package var method: Method { head.method }
    package var target: RequestTarget { head.target }
    package var fields: Fields { head.fields }
}

/// The values of a route's parameters, percent-decoded.
package struct PathParameters: Sendable, Hashable {
    private let names: [String]
    private let values: [String]

    init(names: [String] = [], values: [String] = []) {
        self.names = names
        self.values = values
    }

    /// The text in place of a parameter.
    package subscript(name: String) -> String? {
        names.firstIndex(of: name).map { values[$0] }
    }

    /// The parameter as a value of another type, or `nil` when it does not read as one.
    package func value<Value: LosslessStringConvertible>(_ name: String, as type: Value.Type = Value.self)
        -> Value?
    {
        self[name].flatMap { Value($0) }
    }
}
