import Glibc

/// Something that may be called though it is not public.
package enum AllowedDestination: Sendable, Hashable, CustomStringConvertible {
    /// These addresses, on every port.
    case addresses(AddressBlock)
    /// Whatever a host in lower case resolves to; on every port when `nil`.
    case host(name: String, port: UInt16?)

    private static let remedy = "write it as in 10.0.0.0/8, fd00::1, hooks.internal.example or 10.1.2.3:8080"

    /// Reads `10.0.0.0/8`, `fd00::/8`, `10.1.2.3`, `fd00::1`, `hooks.internal.example` or `10.1.2.3:8080`.
    package init(parsing text: String) throws(Malformed) {
        if text.utf8.contains(0x2F) || AddressBlock.bytes(of: text) != nil {
            self = .addresses(try AddressBlock(parsing: text, remedy: Self.remedy))
        } else {
            self = try Self.host(text)
        }
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
        return (inet_aton(text, &address) != 0 || isNumeric) && AddressBlock.bytes(of: text) == nil
    }

    /// The form that ``init(parsing:)`` reads.
    package var description: String {
        switch self {
        case .host(let name, let port): port.map { "\(name):\($0)" } ?? name
        case .addresses(let block): block.description
        }
    }
}
