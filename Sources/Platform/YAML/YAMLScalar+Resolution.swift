extension YAMLScalar.Value {
    /// Decides what a plain scalar means.
    ///
    /// Only what nobody can read otherwise has a meaning besides text. Of YAML 1.1's surprises, `yes`, `no`, `on`,
    /// `off`, `y` and `n` (Norway), `012` (octal), `1_000`, `1:30` (sexagesimal) and dates all stay text, so a
    /// reader that wants a truth value or a number refuses them and can say why.
    init(resolving text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE": self = .bool(true)
        case "false", "False", "FALSE": self = .bool(false)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": self = .real(.infinity)
        case "-.inf", "-.Inf", "-.INF": self = .real(-.infinity)
        case ".nan", ".NaN", ".NAN": self = .real(.nan)
        default: self = Self.number(text) ?? .string
        }
    }

    private static func number(_ text: String) -> Self? {
        let bytes = Array(text.utf8)
        var rest = bytes[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        if rest.starts(with: [UInt8(ascii: "0"), UInt8(ascii: "x")]) {
            let digits = String(decoding: rest.dropFirst(2), as: UTF8.self)
            guard digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else {
                return nil
            }
            return Int((isNegative ? "-" : "") + digits, radix: 16).map(Self.integer)
        }
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        if rest.isEmpty, !whole.isEmpty {
            guard whole.count == 1 || whole.first != UInt8(ascii: "0") else { return nil }
            return Int(text).map(Self.integer) ?? Double(text).map(Self.real)
        }
        return isFraction(rest, afterDigits: !whole.isEmpty) ? Double(padded(text)).map(Self.real) : nil
    }

    /// Whether `.5`, `.` after digits, `e9` and such make a real number of what stands before.
    private static func isFraction(_ text: ArraySlice<UInt8>, afterDigits: Bool) -> Bool {
        var rest = text
        var digits = afterDigits ? 1 : 0
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            let fraction = rest.prefix(while: isDigit)
            digits += fraction.count
            rest = rest.dropFirst(fraction.count)
        }
        guard digits > 0 else { return false }
        guard let exponent = rest.first else { return true }
        guard exponent | 0x20 == UInt8(ascii: "e") else { return false }
        rest.removeFirst()
        if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            rest.removeFirst()
        }
        return !rest.isEmpty && rest.allSatisfy(isDigit)
    }

    /// `5.` and `.5` with the zero that Swift wants.
    private static func padded(_ text: String) -> String {
        guard let point = text.firstIndex(of: ".") else { return text }
        let before = text[..<point]
        let after = text[text.index(after: point)...]
        let head = before.last?.isNumber == true ? "" : "0"
        let tail = after.first?.isNumber == true ? "" : "0"
        return "\(before)\(head).\(tail)\(after)"
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0") <= byte && byte <= UInt8(ascii: "9")
    }
}
