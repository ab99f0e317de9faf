/// The http and https URLs that others are reached under: scheme, host, port and path, nothing more.
enum WebAddress {
    /// What ``parse(_:)`` takes, for the schema.
    static let pattern = "^https?://[^\\s/?#@]+(/[^\\s?#]*)?$"

    /// The address without a slash at its end.
    static func parse(_ text: String) throws(Malformed) -> String {
        let remedy = "write it as in https://sounds.example.com/base"
        guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else {
            throw Malformed("is not an http or https URL", remedy: remedy)
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !Self.forbidden.contains($0) }) else {
            throw Malformed("holds characters that no URL may hold", remedy: "percent-encode them")
        }
        if text.contains("?") || text.contains("#") {
            throw Malformed("has a query or a fragment", remedy: "end the URL before it")
        }
        let authority = text.dropFirst(scheme.count).prefix { $0 != "/" }
        if authority.contains("@") {
            throw Malformed("holds a user name or password", remedy: "leave it out")
        }
        guard isHostAndPort(authority) else { throw Malformed("has no proper host and port", remedy: remedy) }
        var trimmed = text[...]
        while trimmed.hasSuffix("/") { trimmed.removeLast() }
        return String(trimmed)
    }

    private static let forbidden = Set("\"<>\\^`{|}".utf8)

    private static func isHostAndPort(_ authority: Substring) -> Bool {
        var host = authority
        let afterBracket =
            authority.lastIndex(of: "]").map { authority.index(after: $0) } ?? authority.startIndex
        if let colon = authority[afterBracket...].lastIndex(of: ":") {
            guard let port = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(port)
            else {
                return false
            }
            host = authority[..<colon]
        }
        if host.hasPrefix("[") {
            return (try? ListenAddress(parsing: "\(host):1")) != nil
        }
        return !host.isEmpty
            && host.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (97...122).contains(byte | 0x20) || byte == 45 || byte == 46
            }
    }
}
