/// Crockford's base 32: digits and capitals without I, L, O and U.
package enum CrockfordBase32 {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// Appends the lowest `digits` × 5 bits, highest first.
    static func append(_ value: UInt64, digits: Int, to text: inout [UInt8]) {
        for place in stride(from: (digits - 1) * 5, through: 0, by: -5) {
            text.append(alphabet[Int(value >> UInt64(place) & 31)])
        }
    }

    /// The bytes from left to right, the last digit filled up with zero bits.
    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 8 + 4) / 5)
        var bits: UInt64 = 0
        var count = 0
        for byte in bytes {
            bits = (bits << 8 | UInt64(byte)) & 0xFFFF
            count += 8
            while count >= 5 {
                count -= 5
                append(bits >> UInt64(count), digits: 1, to: &text)
            }
        }
        if count > 0 { append(bits << UInt64(5 - count), digits: 1, to: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes; `nil` for foreign characters, impossible lengths and stray bits.
    ///
    /// Reads what people write: small letters, and I and L for 1, O for 0. No hyphens.
    package static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt64 = 0
        var count = 0
        for digit in text.utf8 {
            guard let value = value(of: digit) else { return nil }
            bits = (bits << 5 | value) & 0xFFF
            count += 5
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(count)))
        }
        guard count < 5, bits & ((1 << UInt64(count)) - 1) == 0 else { return nil }
        return bytes
    }

    private static func value(of digit: UInt8) -> UInt64? {
        let isSmall = digit >= UInt8(ascii: "a") && digit <= UInt8(ascii: "z")
        let capital = isSmall ? digit - 32 : digit
        switch capital {
        case UInt8(ascii: "O"): return 0
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return 1
        default: return alphabet.firstIndex(of: capital).map(UInt64.init)
        }
    }
}
