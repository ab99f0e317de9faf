/// A request method: any token of RFC 9110, compared with regard to case.
package struct Method: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: String

    /// A method by its name; the parser, not this initialiser, checks that it is a token.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package var description: String { rawValue }

    package static let get = Method(rawValue: "GET")
    package static let head = Method(rawValue: "HEAD")
    package static let post = Method(rawValue: "POST")
    package static let put = Method(rawValue: "PUT")
    package static let delete = Method(rawValue: "DELETE")
    package static let options = Method(rawValue: "OPTIONS")
    package static let patch = Method(rawValue: "PATCH")
    package static let trace = Method(rawValue: "TRACE")
    package static let connect = Method(rawValue: "CONNECT")
    /// A question in the body (draft-ietf-httpbis-safe-method-w-body), which OpenAPI 3.2 can describe.
    package static let query = Method(rawValue: "QUERY")

    /// Whether asking has no effect on the resource (RFC 9110 section 9.2.1).
    package var isSafe: Bool {
        self == .get || self == .head || self == .options || self == .trace || self == .query
    }
}
