/// Reads the small grammars of field values: tokens, quoted strings, separators.
struct FieldScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    var isAtEnd: Bool { position == bytes.count }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    /// Passes over spaces and tabs; always true, to stand in a condition.
    mutating func skipBlanks() -> Bool {
        while next == 0x20 || next == 0x09 { position += 1 }
        return true
    }

    mutating func token() -> String? {
        let start = position
        while let byte = next, ByteClass.token.contains(byte) { position += 1 }
        return position > start ? String(decoding: bytes[start..<position], as: UTF8.self) : nil
    }

    mutating func tokenOrQuoted() -> String? {
        next == 0x22 ? quoted() : token()
    }

    private mutating func quoted() -> String? {
        var out: [UInt8] = []
        position += 1
        while let byte = next {
            position += 1
            switch byte {
            case 0x22: return String(decoding: out, as: UTF8.self)
            case 0x5C:
                guard let escaped = next else { return nil }
                out.append(escaped)
                position += 1
            default: out.append(byte)
            }
        }
        return nil
    }

    mutating func digits() -> Int64? {
        let start = position
        var value: Int64 = 0
        while let byte = next, byte.isASCIIDigit {
            let (product, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, more) = product.addingReportingOverflow(Int64(byte - 0x30))
            guard !over, !more else { return nil }
            value = sum
            position += 1
        }
        return position > start ? value : nil
    }

    /// An entity tag: `["W/"] DQUOTE *etagc DQUOTE`.
    mutating func entityTag() -> EntityTag? {
        var weak = false
        if next == 0x57 {
            position += 1
            guard skip(0x2F) else { return nil }
            weak = true
        }
        guard skip(0x22) else { return nil }
        let start = position
        while let byte = next, byte == 0x21 || byte >= 0x23, byte != 0x7F { position += 1 }
        let value = String(decoding: bytes[start..<position], as: UTF8.self)
        guard skip(0x22) else { return nil }
        return EntityTag(value, isWeak: weak)
    }
}
