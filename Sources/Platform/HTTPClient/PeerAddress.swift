import CLinux
import Glibc
import HTTP

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

    /// An address from the host of a URL, in every spelling that stands for one; `nil` for a name.
    ///
    /// Besides brackets and four numbers those are `2130706433`, `0x7f.1` and `0177.0.0.1`: the C library and libcurl
    /// take them all for 127.0.0.1.
    @safe
    package init?(host: String, port: UInt16) {
        if host.hasPrefix("["), host.hasSuffix("]") {
            self.init(String(host.dropFirst().dropLast()), port: port)
            return
        }
        var address = in_addr()
        // inet_aton ends at white space and takes the rest for nothing; a host has none.
        guard !host.utf8.contains(where: { $0 <= 0x20 }),
            unsafe inet_aton(host.hasSuffix(".") ? String(host.dropLast()) : host, &address) != 0
        else { return nil }
        self.init(bytes: unsafe withUnsafeBytes(of: address) { unsafe Array($0) }, port: port)
    }

    /// The IPv4 address that an IPv4-mapped one (`::ffff:10.0.0.1`) stands for; `nil` for any other.
    package var mappedIPv4: PeerAddress? {
        AddressRange.isMapped(bytes) ? PeerAddress(bytes: Array(bytes[12...]), port: port) : nil
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
    /// reserved ranges are not, nor is any tunnel into IPv4 (mapped, compatible, 6to4, Teredo). NAT64's well-known prefix
    /// is how a host without IPv4 reaches it at all: there the IPv4 address is judged.
    package var isPublic: Bool {
        guard bytes.count == 16 else { return !Self.isWithin(bytes[...], Self.reservedIPv4) }
        if Self.isWithin(bytes[...], Self.reservedIPv6) { return false }
        // Global unicast is 2000::/3; 64:ff9b::/96 translates to IPv4.
        if bytes.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) {
            return !Self.isWithin(bytes[12...], Self.reservedIPv4)
        }
        return bytes[0] & 0xE0 == 0x20
    }
}

extension PeerAddress {
    private static func isWithin(_ address: ArraySlice<UInt8>, _ ranges: [AddressRange]) -> Bool {
        ranges.contains { $0.covers(address) }
    }

    /// The IANA special-purpose registry, what is not globally reachable, multicast, and the one address among the public
    /// ones at which a cloud (Azure) tells its machines' secrets.
    private static let reservedIPv4 = [
        AddressRange([0], 8), AddressRange([10], 8), AddressRange([100, 64], 10), AddressRange([127], 8),
        AddressRange([168, 63, 129, 16], 32), AddressRange([169, 254], 16),
        AddressRange([172, 16], 12), AddressRange([192, 0, 0], 24), AddressRange([192, 0, 2], 24),
        AddressRange([192, 88, 99], 24),
        AddressRange([192, 168], 16), AddressRange([198, 18], 15), AddressRange([198, 51, 100], 24),
        AddressRange([203, 0, 113], 24),
        AddressRange([224], 4), AddressRange([240], 4),
    ]

    /// Inside 2000::/3, which is all that is let through: protocol assignments (Teredo, benchmarking, ORCHID),
    /// documentation twice, and 6to4, whose addresses are of IPv4 and whose relays are gone (RFC 7526).
    private static let reservedIPv6 = [
        AddressRange([0x20, 0x01, 0x00], 23), AddressRange([0x20, 0x01, 0x0D, 0xB8], 32),
        AddressRange([0x20, 0x02], 16), AddressRange([0x3F, 0xFF, 0x00], 20),
    ]
}
