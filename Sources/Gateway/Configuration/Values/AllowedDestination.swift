import Glibc

/// Something that may be called though it is not public.
package enum AllowedDestination: Sendable, Hashable, CustomStringConvertible {
    /// The addresses that begin with the same bits as this one, of 4 or 16 bytes.
    case addresses(bytes: [UInt8], bits: Int)
    /// Whatever a host in lower case resolves to; on every port when `nil`.
    case host(name: String, port: UInt16?)

    private static let remedy = "write it as in 10.0.0.0/8, fd00::1, hooks.internal.example or 10.1.2.3:8080"

    /// Reads `10.0.0.0/8`, `fd00::/8`, `10.1.2.3`, `fd00::1`, `hooks.internal.example` or `10.1.2.3:8080`.
    package init(parsing text: String) throws(Malformed) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let bytes = Self.bytes(of: String(parts[0]))
        if parts.count == 2 {
            guard let bytes else { throw Malformed("is no range of addresses", remedy: Self.remedy) }
            self = try Self.range(bytes, String(parts[1]))
        } else if let bytes {
            self = .addresses(bytes: bytes, bits: 8 * bytes.count)
        } else {
            self = try Self.host(text)
        }
    }

    private static func range(_ bytes: [UInt8], _ digits: String) throws(Malformed) -> AllowedDestination {
        let most = 8 * bytes.count
        guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let bits = Int(digits), bits <= most
        else { throw Malformed("has no prefix of 0 to \(most) bits", remedy: remedy) }
        let first = bytes.enumerated().map { index, byte in
            byte & UInt8(truncatingIfNeeded: 0xFF00 >> min(max(bits - 8 * index, 0), 8))
        }
        // What was meant, the one address or its whole range? Both would be somebody's surprise.
        guard first == bytes else {
            throw Malformed(
                "does not begin its range",
                remedy:
                    "write \(AllowedDestination.addresses(bytes: first, bits: bits)), or leave out /\(bits)"
            )
        }
        return .addresses(bytes: bytes, bits: bits)
    }

    private static func host(_ text: String) throws(Malformed) -> AllowedDestination {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts[0].lowercased()
        let isName = name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 46 || byte == 95
        }
        guard isName, (1...253).contains(name.utf8.count), !isOddAddress(name) else {
            throw Malformed("is no address, range of addresses or host", remedy: remedy)
        }
        guard parts.count == 2 else { return .host(name: name, port: nil) }
        guard let port = UInt16(parts[1]), port > 0 else {
            throw Malformed("has no port of 1 to 65535", remedy: remedy)
        }
        return .host(name: name, port: port)
    }

    /// Whether it is an address to the C library, but not as one writes it (`127.1`, `0x7f.1`, `10.0.0`).
    private static func isOddAddress(_ text: String) -> Bool {
        var address = in_addr()
        let isNumeric = text.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 }
        return (inet_aton(text, &address) != 0 || isNumeric) && bytes(of: text) == nil
    }

    private static func bytes(of text: String) -> [UInt8]? {
        let isIPv6 = text.utf8.contains(0x3A)
        var bytes = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
        return inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &bytes) == 1 ? bytes : nil
    }

    /// The form that ``init(parsing:)`` reads.
    package var description: String {
        switch self {
        case .host(let name, let port): return port.map { "\(name):\($0)" } ?? name
        case .addresses(let bytes, let bits):
            var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            inet_ntop(bytes.count == 16 ? AF_INET6 : AF_INET, bytes, &buffer, socklen_t(buffer.count))
            let text = String(
                decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
                as: UTF8.self
            )
            return bits == 8 * bytes.count ? text : "\(text)/\(bits)"
        }
    }
}
