/// All IP addresses that begin with the same bits: `10.0.0.0/8`.
package struct AddressRange: Sendable, Hashable {
    /// At least as many bytes in network order as the bits need.
    private let bytes: [UInt8]
    private let bits: Int
    /// Of how many bytes the addresses are, where that is known.
    private let width: Int?

    /// The addresses of 4 or 16 bytes whose first `bits` are those of `bytes`.
    package init(_ bytes: [UInt8], _ bits: Int) {
        self.bytes = bytes
        self.bits = bits
        width = nil
    }

    /// The addresses of the same kind whose first `bits` are those of `address`; `nil` for bits that it does not have.
    package init?(address: [UInt8], bits: Int) {
        guard address.count == 4 || address.count == 16, 0...(8 * address.count) ~= bits else { return nil }
        bytes = address
        self.bits = bits
        width = address.count
    }

    /// Whether an address of 4 or 16 bytes is one of them; one of IPv6 that stands for one of IPv4 (`::ffff:10.0.0.1`)
    /// counts as that too.
    package func contains(_ address: [UInt8]) -> Bool {
        if width == nil || width == address.count, covers(address[...]) { return true }
        return width == 4 && Self.isMapped(address) && covers(address[12...])
    }

    /// Whether an address of IPv6 stands for one of IPv4, its last 4 bytes.
    package static func isMapped(_ address: [UInt8]) -> Bool {
        address.count == 16 && address[..<10].allSatisfy { $0 == 0 } && address[10...11] == [0xFF, 0xFF]
    }

    /// Whether bytes of an address begin with its bits.
    package func covers(_ address: ArraySlice<UInt8>) -> Bool {
        var left = bits
        for (expected, found) in zip(bytes, address) where left > 0 {
            let mask = left >= 8 ? 0xFF : UInt8(truncatingIfNeeded: 0xFF00 >> left)
            guard expected & mask == found & mask else { return false }
            left -= 8
        }
        return true
    }
}
