import CLinux
import Glibc

/// An IP address and port as the socket will use them.
package struct PeerAddress: Sendable, Hashable {
    /// 4 or 16 bytes in network order.
    package let bytes: [UInt8]
    package let port: UInt16

    /// An address from its bytes; `nil` unless they are 4 or 16.
    package init?(bytes: [UInt8], port: UInt16) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
        self.port = port
    }

    /// An address from its text without brackets, IPv4 or IPv6.
    @safe
    package init?(_ text: String, port: UInt16) {
        let isIPv6 = text.utf8.contains(0x3A)
        var bytes = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
        // A scope (`fe80::1%eth0`) says which interface, not which address.
        let address = text.prefix { $0 != "%" }
        let isValid = unsafe bytes.withUnsafeMutableBytes {
            unsafe inet_pton(isIPv6 ? AF_INET6 : AF_INET, String(address), $0.baseAddress) == 1
        }
        guard isValid else { return nil }
        self.bytes = bytes
        self.port = port
    }

    /// An address out of a `sockaddr`; `nil` for other families.
    init?(_ address: UnsafePointer<sockaddr>, length: Int) {
        switch unsafe Int32(address.pointee.sa_family) {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            let (ip, port) = unsafe UnsafeRawPointer(address).withMemoryRebound(
                to: sockaddr_in.self,
                capacity: 1
            ) {
                unsafe ($0.pointee.sin_addr, UInt16(bigEndian: $0.pointee.sin_port))
            }
            bytes = unsafe withUnsafeBytes(of: ip) { unsafe Array($0) }
            self.port = port
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            let (ip, port) = unsafe UnsafeRawPointer(address).withMemoryRebound(
                to: sockaddr_in6.self,
                capacity: 1
            ) {
                unsafe ($0.pointee.sin6_addr, UInt16(bigEndian: $0.pointee.sin6_port))
            }
            bytes = unsafe withUnsafeBytes(of: ip) { unsafe Array($0) }
            self.port = port
        default: return nil
        }
    }

    /// Whether the address is one that the public internet routes to a single host.
    ///
    /// Private, loopback, link-local (cloud metadata among them), shared (CGNAT), multicast, documentation and
    /// reserved ranges are not; an IPv6 address that carries an IPv4 one is judged by that as well.
    package var isPublic: Bool {
        guard bytes.count == 16 else { return !Self.isWithin(bytes[...], Self.reservedIPv4) }
        if Self.isWithin(bytes[...], Self.reservedIPv6) { return false }
        // Global unicast is 2000::/3; 64:ff9b::/96 translates to IPv4.
        if bytes.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) {
            return !Self.isWithin(bytes[12...], Self.reservedIPv4)
        }
        guard bytes[0] & 0xE0 == 0x20 else { return false }
        // 6to4 holds an IPv4 address after its prefix.
        return !(bytes[0] == 0x20 && bytes[1] == 0x02 && Self.isWithin(bytes[2..<6], Self.reservedIPv4))
    }
}

extension PeerAddress {
    private struct Prefix {
        let bytes: [UInt8]
        let bits: Int

        init(_ bytes: [UInt8], _ bits: Int) {
            self.bytes = bytes
            self.bits = bits
        }

        func covers(_ address: ArraySlice<UInt8>) -> Bool {
            var left = bits
            for (expected, found) in zip(bytes, address) where left > 0 {
                let mask = left >= 8 ? 0xFF : UInt8(truncatingIfNeeded: 0xFF00 >> left)
                guard expected & mask == found & mask else { return false }
                left -= 8
            }
            return true
        }
    }

    private static func isWithin(_ address: ArraySlice<UInt8>, _ ranges: [Prefix]) -> Bool {
        ranges.contains { $0.covers(address) }
    }

    /// The IANA special-purpose registry, what is not globally reachable, and multicast.
    private static let reservedIPv4 = [
        Prefix([0], 8), Prefix([10], 8), Prefix([100, 64], 10), Prefix([127], 8), Prefix([169, 254], 16),
        Prefix([172, 16], 12), Prefix([192, 0, 0], 24), Prefix([192, 0, 2], 24), Prefix([192, 88, 99], 24),
        Prefix([192, 168], 16), Prefix([198, 18], 15), Prefix([198, 51, 100], 24), Prefix([203, 0, 113], 24),
        Prefix([224], 4), Prefix([240], 4),
    ]

    /// Inside 2000::/3, which is all that is let through: protocol assignments (Teredo), documentation, SRv6.
    private static let reservedIPv6 = [
        Prefix([0x20, 0x01, 0x00], 23), Prefix([0x20, 0x01, 0x0D, 0xB8], 32), Prefix([0x3F, 0xFF, 0x00], 20),
    ]
}
