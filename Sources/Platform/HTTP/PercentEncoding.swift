/// Percent-encoding of RFC 3986 and its form variant, both strict.
package enum PercentEncoding {
    /// Encodes every byte of the text's UTF-8 outside the class.
    package static func encode(_ text: String, keeping kept: ByteClass = .unreserved) -> String {
        guard text.utf8.contains(where: { !kept.contains($0) }) else { return text }
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 { append(byte, keeping: kept, to: &out) }
        return String(decoding: out, as: UTF8.self)
    }

    /// Decodes percent triplets.
    ///
    /// - Returns: `nil` for a malformed triplet, an encoded NUL, or bytes that are not UTF-8.
    package static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        guard text.utf8.contains(where: { $0 == 0x25 || (plusIsSpace && $0 == 0x2B) }) else {
            return String(text)
        }
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count)
        var bytes = text.utf8.makeIterator()
        while let byte = bytes.next() {
            switch byte {
            case 0x25:
                guard let high = bytes.next()?.hexadecimalValue, let low = bytes.next()?.hexadecimalValue
                else {
                    return nil
                }
                let value = high << 4 | low
                guard value != 0 else { return nil }
                out.append(value)
            case 0x2B where plusIsSpace: out.append(0x20)
            default: out.append(byte)
            }
        }
        return String(validating: out, as: UTF8.self)
    }

    static func append(_ byte: UInt8, keeping kept: ByteClass, to out: inout [UInt8]) {
        guard !kept.contains(byte) else { return out.append(byte) }
        out.append(0x25)
        out.append(hexadecimalDigit(byte >> 4))
        out.append(hexadecimalDigit(byte & 15))
    }

    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 &+ value : 0x37 &+ value
    }
}

/// The `application/x-www-form-urlencoded` format, of queries and of form bodies.
package enum FormEncoding {
    /// The pairs joined by `&`, spaces as `+`.
    package static func encode(_ pairs: [(name: String, value: String)]) -> String {
        var out: [UInt8] = []
        for (index, pair) in pairs.enumerated() {
            if index > 0 { out.append(0x26) }
            append(pair.name, to: &out)
            out.append(0x3D)
            append(pair.value, to: &out)
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The pairs in order, names may repeat; `nil` for malformed percent-encoding.
    package static func decode(_ text: some StringProtocol) -> [(name: String, value: String)]? {
        var pairs: [(name: String, value: String)] = []
        for part in text.split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(halves[0], plusIsSpace: true),
                let value = halves.count > 1 ? PercentEncoding.decode(halves[1], plusIsSpace: true) : ""
            else { return nil }
            pairs.append((name, value))
        }
        return pairs
    }

    private static func append(_ text: String, to out: inout [UInt8]) {
        for byte in text.utf8 {
            if byte == 0x20 {
                out.append(0x2B)
            } else {
                PercentEncoding.append(byte, keeping: .form, to: &out)
            }
        }
    }
}
