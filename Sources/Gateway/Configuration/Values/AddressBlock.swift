import Glibc

/// IP addresses that begin with the same bits, `10.0.0.0/8`; or one, `10.1.2.3`.
package struct AddressBlock: Sendable, Hashable, CustomStringConvertible {
    /// The first of them: 4 or 16 bytes in network order.
    package let bytes: [UInt8]
    /// How many bits they have in common.
    package let bits: Int

    /// The block of the first `bits` of an address of 4 or 16 bytes.
    package init(bytes: [UInt8], bits: Int) {
        self.bytes = bytes
        self.bits = bits
    }

    /// Reads `10.0.0.0/8`, `fd00::/8`, `10.1.2.3` or `fd00::1`.
    package init(parsing text: String) throws(Malformed) {
        try self.init(parsing: text, remedy: "write it as in 10.0.0.0/8, fd00::/8, 10.1.2.3 or fd00::1")
    }

    /// As ``init(parsing:)``, where other things can be written as well.
    init(parsing text: String, remedy: String) throws(Malformed) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = Self.bytes(of: String(parts[0])) else {
            throw Malformed(parts.count == 2 ? "is no range of addresses" : "is no address", remedy: remedy)
        }
        let most = 8 * bytes.count
        guard parts.count == 2 else {
            self.init(bytes: bytes, bits: most)
            return
        }
        let digits = parts[1]
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
                remedy: "write \(AddressBlock(bytes: first, bits: bits)), or leave out /\(bits)"
            )
        }
        self.init(bytes: bytes, bits: bits)
    }

    /// An address from its text without brackets; `nil` for anything else.
    static func bytes(of text: String) -> [UInt8]? {
        let isIPv6 = text.utf8.contains(0x3A)
        var bytes = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
        return inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &bytes) == 1 ? bytes : nil
    }

    /// The form that ``init(parsing:)`` reads.
    package var description: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(bytes.count == 16 ? AF_INET6 : AF_INET, bytes, &buffer, socklen_t(buffer.count))
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return bits == 8 * bytes.count ? text : "\(text)/\(bits)"
    }
}
