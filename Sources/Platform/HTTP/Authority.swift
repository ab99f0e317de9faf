/// Host and optional port, as in a `Host` field or a URL; never with user information.
package struct Authority: Hashable, Sendable, CustomStringConvertible {
    /// A name or IPv4 address in lower case, or an IPv6 address in its brackets.
    package let host: String
    package let port: UInt16?

    /// Host and port as given.
    package init(host: String, port: UInt16?) {
        self.host = host
        self.port = port
    }

    /// Parses `uri-host [":" port]` strictly; an empty host, an empty port and percent-encoding are refused.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard let split = Authority.hostLength(bytes) else { return nil }
        var port: UInt16?
        if split < bytes.count {
            guard let number = Authority.port(bytes[(split + 1)...]) else { return nil }
            port = number
        }
        host = String(decoding: bytes[..<split].map(\.asciiLowercased), as: UTF8.self)
        self.port = port
    }

    package var description: String { port.map { "\(host):\($0)" } ?? host }

    /// Where the host ends, when it is well formed and followed by nothing or a colon.
    private static func hostLength(_ bytes: [UInt8]) -> Int? {
        guard let first = bytes.first else { return nil }
        if first == 0x5B {
            guard let close = bytes.firstIndex(of: 0x5D), isIPv6(bytes[1..<close]) else { return nil }
            let end = close + 1
            return end == bytes.count || bytes[end] == 0x3A ? end : nil
        }
        let end = bytes.firstIndex(of: 0x3A) ?? bytes.count
        guard end > 0, bytes[..<end].allSatisfy(ByteClass.registeredName.contains) else { return nil }
        return end
    }

    private static func port(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard !digits.isEmpty, digits.count <= 5, digits.allSatisfy(\.isASCIIDigit) else { return nil }
        let value = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return UInt16(exactly: value)
    }

    /// `IPv6address` of RFC 3986: eight groups, or fewer around one `::`, the last two perhaps an IPv4 address.
    private static func isIPv6(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count >= 2, bytes.count <= 45 else { return false }
        let text = String(decoding: bytes, as: UTF8.self)
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return false }
        var groups = 0
        for (index, half) in halves.enumerated() where !half.isEmpty {
            let parts = half.split(separator: ":", omittingEmptySubsequences: false)
            for (place, part) in parts.enumerated() {
                if place == parts.count - 1, index == halves.count - 1, part.contains(".") {
                    guard isIPv4(part) else { return false }
                    groups += 2
                } else {
                    guard 1...4 ~= part.utf8.count, part.utf8.allSatisfy({ $0.hexadecimalValue != nil })
                    else {
                        return false
                    }
                    groups += 1
                }
            }
        }
        return halves.count == 2 ? groups < 8 : groups == 8
    }

    private static func isIPv4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                1...3 ~= part.utf8.count && part.utf8.allSatisfy(\.isASCIIDigit)
                    && (part == "0" || part.first != "0") && UInt8(part) != nil
            }
    }
}
