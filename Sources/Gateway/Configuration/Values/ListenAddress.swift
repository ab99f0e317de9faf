import Glibc

/// A place to take connections at.
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A numeric IPv4 or IPv6 address, the latter without brackets. Port 0 takes any free one.
    case tcp(address: String, port: Int)
    /// A Unix socket in the file system; a relative path starts at the working directory.
    case unix(path: String)

    /// Reads `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` (which is `127.0.0.1`) or `unix:/run/soundgate.sock`.
    package init(parsing text: String) throws(Malformed) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            // sockaddr_un.sun_path has 108 bytes, the last for the terminator.
            guard (1...107).contains(path.utf8.count) else {
                throw Malformed(
                    "is not a Unix socket",
                    remedy: "give a path of 1 to 107 bytes, as in unix:/run/soundgate.sock"
                )
            }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":") else { throw Self.malformed }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let port = Int(digits), port <= 65_535
        else { throw Malformed("has no port of 0 to 65535", remedy: Self.remedy) }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            let inner = String(host.dropFirst().dropLast())
            guard Self.bytes(ofIPv6: inner) != nil else {
                throw Malformed("is not an IPv6 address", remedy: Self.remedy)
            }
            self = .tcp(address: inner, port: port)
        } else if host.contains(":") {
            throw Malformed("is an IPv6 address without brackets", remedy: "write [\(host)]:\(port)")
        } else if host == "localhost" {
            self = .tcp(address: "127.0.0.1", port: port)
        } else if Self.isIPv4(String(host)) {
            self = .tcp(address: String(host), port: port)
        } else if host.isEmpty || host == "*" {
            throw Malformed(
                "names no address",
                remedy: "write 127.0.0.1:\(port), 0.0.0.0:\(port) or [::]:\(port)"
            )
        } else {
            throw Self.malformed
        }
    }

    /// Whether only this machine can reach it.
    package var isLocal: Bool {
        switch self {
        case .unix: return true
        case .tcp(let address, _):
            guard let bytes = Self.bytes(ofIPv6: address) else { return address.hasPrefix("127.") }
            let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127]
            return bytes == [UInt8](repeating: 0, count: 15) + [1] || bytes.starts(with: mapped)
        }
    }

    /// The form that ``init(parsing:)`` reads.
    package var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let address, let port):
            address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
        }
    }

    private static let remedy = "write ADDRESS:PORT as in 127.0.0.1:8080 or [::1]:8080, or unix:/path"

    private static var malformed: Malformed { Malformed("is not an address to listen on", remedy: remedy) }

    private static func isIPv4(_ text: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, text, &address) == 1
    }

    private static func bytes(ofIPv6 text: String) -> [UInt8]? {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        return withUnsafeBytes(of: address) { Array($0) }
    }
}
