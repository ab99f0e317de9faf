/// An absolute `http` or `https` URL, taken strictly: no user information, no fragment, no stray bytes.
package struct HTTPURL: Hashable, Sendable, CustomStringConvertible {
    package enum Scheme: String, Sendable {
        case http, https

        /// The port the scheme implies.
        package var defaultPort: UInt16 { self == .http ? 80 : 443 }
    }

    package let scheme: Scheme
    package let authority: Authority
    /// Still percent-encoded; `/` at least.
    package var path: String
    /// Still percent-encoded, without its question mark.
    package var query: String?

    /// A URL from its text, or `nil` when any part is malformed.
    package init?(_ text: String) {
        guard let colon = text.utf8.firstIndex(of: 0x3A),
            let scheme = Scheme(rawValue: String(text[..<colon]).asciiLowercased)
        else { return nil }
        let rest = text[text.utf8.index(after: colon)...]
        guard rest.hasPrefix("//") else { return nil }
        let hierarchy = rest.dropFirst(2)
        let end = hierarchy.utf8.firstIndex { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 } ?? hierarchy.endIndex
        guard let authority = Authority(hierarchy[..<end]) else { return nil }
        let target = hierarchy[end...]
        let mark = target.utf8.firstIndex(of: 0x3F)
        let path = target[..<(mark ?? target.endIndex)]
        let query = mark.map { target[target.utf8.index(after: $0)...] }
        guard RequestTarget.isWellFormed(path, .path),
            query.map({ RequestTarget.isWellFormed($0, .query) }) ?? true
        else { return nil }
        self.scheme = scheme
        self.authority = authority
        self.path = path.isEmpty ? "/" : String(path)
        self.query = query.map { String($0) }
    }

    package var host: String { authority.host }

    /// The port in the URL, or the scheme's.
    package var port: UInt16 { authority.port ?? scheme.defaultPort }

    /// Scheme, host and port as one text, the default port left out.
    package var origin: String {
        let port = authority.port == scheme.defaultPort ? nil : authority.port
        return "\(scheme.rawValue)://\(Authority(host: authority.host, port: port))"
    }

    package var description: String {
        "\(scheme.rawValue)://\(authority)\(path)\(query.map { "?" + $0 } ?? "")"
    }

    /// The URL with a path put after its own, one slash between them; the query is dropped.
    package func appending(path more: String) -> HTTPURL {
        var url = self
        url.query = nil
        let head = path.hasSuffix("/") ? String(path.dropLast()) : path
        url.path = head + (more.hasPrefix("/") ? more : "/" + more)
        return url
    }
}
