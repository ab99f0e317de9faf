import CLinux
import Glibc

/// Who is on the other end of a connection.
@safe package struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    private enum Kind: Hashable {
        case ipv4(UInt32)
        case ipv6(UInt64, UInt64)
        case local
    }

    private let kind: Kind
    /// The client's port; 0 on a Unix socket.
    package let port: UInt16

    /// A peer on a Unix socket, or none at all.
    package static let local = PeerAddress(kind: .local, port: 0)

    private init(kind: Kind, port: UInt16) {
        self.kind = kind
        self.port = port
    }

    init(_ storage: sockaddr_storage) {
        var storage = storage
        switch Int32(storage.ss_family) {
        case AF_INET:
            self = unsafe withUnsafeBytes(of: &storage) { bytes in
                let address = unsafe bytes.load(as: sockaddr_in.self)
                return PeerAddress(
                    kind: .ipv4(UInt32(bigEndian: address.sin_addr.s_addr)),
                    port: UInt16(bigEndian: address.sin_port)
                )
            }
        case AF_INET6:
            self = unsafe withUnsafeBytes(of: &storage) { bytes in
                let address = unsafe bytes.load(as: sockaddr_in6.self)
                let halves = unsafe withUnsafeBytes(of: address.sin6_addr) {
                    unsafe (
                        $0.loadUnaligned(as: UInt64.self),
                        $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                    )
                }
                return PeerAddress(
                    kind: .ipv6(UInt64(bigEndian: halves.0), UInt64(bigEndian: halves.1)),
                    port: UInt16(bigEndian: address.sin6_port)
                )
            }
        default: self = .local
        }
    }

    /// An address as other programs write it down: `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::7` or
    /// `[2001:db8::7]:4711`; `nil` for anything else.
    package init?(_ text: String) {
        var (host, digits): (Substring, Substring?) = (text[...], nil)
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            guard host.utf8.contains(0x3A) else { return nil }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            digits = rest.isEmpty ? nil : rest.dropFirst()
        } else if text.utf8.count(where: { $0 == 0x3A }) == 1, let colon = text.firstIndex(of: ":") {
            (host, digits) = (text[..<colon], text[text.index(after: colon)...])
        }
        guard let port = UInt16(digits ?? "0") else { return nil }
        self.init(host: String(host), port: port)
    }

    private init?(host: String, port: UInt16) {
        if host.utf8.contains(0x3A) {
            var address = in6_addr()
            guard unsafe inet_pton(AF_INET6, host, &address) == 1 else { return nil }
            let halves = unsafe withUnsafeBytes(of: address) {
                unsafe (
                    $0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                )
            }
            kind = .ipv6(UInt64(bigEndian: halves.0), UInt64(bigEndian: halves.1))
        } else {
            var address = in_addr()
            guard unsafe inet_pton(AF_INET, host, &address) == 1 else { return nil }
            kind = .ipv4(UInt32(bigEndian: address.s_addr))
        }
        self.port = port
    }

    /// The address in network order, 4 or 16 bytes; none on a Unix socket.
    package var bytes: [UInt8] {
        switch kind {
        case .ipv4(let address): Self.bytes(of: address)
        case .ipv6(let high, let low): Self.bytes(of: high) + Self.bytes(of: low)
        case .local: []
        }
    }

    private static func bytes<Number: FixedWidthInteger>(of number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (Number.bitWidth - 8 - 8 * $0)) }
    }

    /// Whether the peer is on this machine.
    package var isLoopback: Bool {
        switch kind {
        case .ipv4(let address): address >> 24 == 127
        case .ipv6(let high, let low): high == 0 && (low == 1 || low >> 24 == 0xFFFF_7F)
        case .local: true
        }
    }

    /// Whom it is counted for, whichever address of its own it took, without a port: the address of IPv4, the 64 bits of
    /// IPv6 that one customer of a network has.
    package var network: PeerAddress {
        switch kind {
        // An IPv4-mapped address is one of IPv4, and all of those share one network of 64 bits.
        case .ipv6(0, let low) where low >> 32 == 0xFFFF:
            PeerAddress(kind: .ipv4(UInt32(truncatingIfNeeded: low)), port: 0)
        // Loopback is one address, which has no network to itself.
        case .ipv6(0, 1), .ipv4, .local: PeerAddress(kind: kind, port: 0)
        case .ipv6(let high, _): PeerAddress(kind: .ipv6(high, 0), port: 0)
        }
    }

    /// The address alone, IPv6 without brackets; `unix` for a Unix socket.
    package var host: String {
        switch kind {
        case .ipv4(let address):
            return "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
        case .ipv6(let high, let low):
            var address = in6_addr()
            unsafe withUnsafeMutableBytes(of: &address) {
                unsafe $0.storeBytes(of: high.bigEndian, as: UInt64.self)
                unsafe $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            unsafe inet_ntop(AF_INET6, &address, &text, socklen_t(INET6_ADDRSTRLEN))
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        case .local: return "unix"
        }
    }

    package var description: String {
        switch kind {
        case .ipv4: "\(host):\(port)"
        case .ipv6: "[\(host)]:\(port)"
        case .local: "unix"
        }
    }
}
