import Crypto
import JSON
import Spelling
import YAML

extension Shape {
    /// A text with a grammar of its own.
    static func parsed(
        schema: JSONValue,
        rendered: @escaping (Value) -> JSONValue? = { _ in nil },
        _ parse: @escaping (String) throws(Malformed) -> Value
    ) -> Shape {
        Shape(schema: ReferenceSchema.or(schema), rendered: rendered) { node, path, reader in
            guard let text = reader.text(node, path) else { return nil }
            do throws(Malformed) {
                return try parse(text.text)
            } catch {
                reader.report(node.position, path, "\(text.shown) \(error.complaint)", remedy: error.remedy)
                return nil
            }
        }
    }
}

extension Shape<String> {
    /// Any text that is not empty.
    static var text: Shape {
        Shape(schema: ["type": "string", "minLength": 1], rendered: { .string($0) }) { node, path, reader in
            guard let text = reader.text(node, path) else { return nil }
            guard !text.text.isEmpty else {
                reader.report(node.position, path, "is empty", remedy: "give it a value, or remove the key")
                return nil
            }
            if case .bool = text.scalar.value {
                reader.report(
                    node.position,
                    path,
                    "is a truth value, must be text",
                    remedy: "put it in quotes"
                )
                return nil
            }
            return text.text
        }
    }

    /// A name of lower-case letters, digits and `.`, `-`, `_`.
    static var name: Shape {
        .parsed(
            schema: ["type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,63}$"],
            rendered: { .string($0) }
        ) {
            text throws(Malformed) in
            guard Names.isName(text) else {
                throw Malformed(
                    "is not a name",
                    remedy: "use up to 64 of a-z, 0-9, '.', '-' and '_', a letter or digit first"
                )
            }
            return text
        }
    }

    /// 64 lower-case hexadecimal digits.
    static var digest: Shape {
        Shape(schema: ReferenceSchema.or(["type": "string", "pattern": "^[0-9a-f]{64}$"])) {
            node,
            path,
            reader in
            guard let text = reader.text(node, path)?.text else { return nil }
            guard text.utf8.count == 64,
                text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
            else {
                // Not quoted in the message: what stands here by mistake may be the key itself.
                reader.report(
                    node.position,
                    path,
                    "is not 64 lower-case hexadecimal digits",
                    remedy: "make a key and its digest with: soundgate client new NAME"
                )
                return nil
            }
            return text
        }
    }

    /// The address of a web service.
    static var webAddress: Shape {
        .parsed(
            schema: ["type": "string", "pattern": .string(WebAddress.pattern)],
            rendered: { .string($0) },
            WebAddress.parse
        )
    }

    /// One of the words.
    static func word(of words: [String], what: String) -> Shape {
        .parsed(schema: ["enum": .array(words.map(JSONValue.string))], rendered: { .string($0) }) {
            text throws(Malformed) in
            if words.contains(text) { return text }
            let meant = nearestMatch(to: text, among: words).map { "did you mean \"\($0)\"?" }
            throw Malformed("is not \(what)", remedy: meant ?? "use one of \(words.joined(separator: ", "))")
        }
    }
}

extension Shape<Secret<String>> {
    /// A text that no message ever shows.
    static var secret: Shape {
        Shape(schema: ["type": "string", "minLength": 1]) { node, path, reader in
            guard let secret = reader.secret(node, path) else { return nil }
            guard secret.withBytes({ !$0.isEmpty }) else {
                reader.report(node.position, path, "is empty", remedy: "give it the vendor's key")
                return nil
            }
            // The key goes into a header field, where a line break would begin another one.
            let isPlain = secret.withBytes { bytes in
                bytes.withUnsafeBytes { $0.allSatisfy { (0x21...0x7E).contains($0) } }
            }
            guard isPlain else {
                reader.report(
                    node.position,
                    path,
                    "holds spaces, line breaks or other characters that no key has",
                    remedy: "check what was pasted"
                )
                return nil
            }
            return secret
        }
    }
}

extension Shape<Secret<String>> {
    /// A secret of Standard Webhooks, which no message ever shows.
    static var signingSecret: Shape {
        let own: JSONValue = ["type": "string", "pattern": "^whsec_[A-Za-z0-9+/]{32,86}={0,2}$"]
        return Shape(schema: ReferenceSchema.orSecret(own)) { node, path, reader in
            guard let secret = reader.secret(node, path) else { return nil }
            let remedy = "make one with: echo whsec_$(openssl rand -base64 32)"
            guard secret.reveal({ $0.hasPrefix(WebhookKey.prefix) }), let key = WebhookKey(secret) else {
                reader.report(node.position, path, "is not whsec_ and base 64", remedy: remedy)
                return nil
            }
            let length = WebhookKey.length
            guard length.contains(key.count) else {
                let bounds = "\(length.lowerBound) to \(length.upperBound)"
                reader.report(node.position, path, "has \(key.count) bytes, not \(bounds)", remedy: remedy)
                return nil
            }
            return secret
        }
    }
}

extension Shape<AllowedDestination> {
    /// An address, a range of addresses or a host.
    static var allowedDestination: Shape {
        .parsed(
            schema: ["type": "string", "minLength": 1],
            rendered: { .string($0.description) },
            AllowedDestination.init(parsing:)
        )
    }
}

extension Shape<AddressBlock> {
    /// An address, or a range of addresses.
    static var addressBlock: Shape {
        .parsed(
            schema: ["type": "string", "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"],
            rendered: { .string($0.description) }
        ) { text throws(Malformed) in try AddressBlock(parsing: text) }
    }
}

extension Shape<Int> {
    /// A whole number.
    static func integer(in range: ClosedRange<Int>) -> Shape {
        let own: JSONValue = [
            "type": "integer", "minimum": JSONValue(range.lowerBound), "maximum": JSONValue(range.upperBound),
        ]
        return Shape(schema: ReferenceSchema.or(own), rendered: { JSONValue($0) }) { node, path, reader in
            guard let text = reader.text(node, path) else { return nil }
            var number = text.isFilled ? Int(text.text) : nil
            if case .integer(let value) = text.scalar.value { number = value }
            guard let number else {
                let isQuoted = !text.isFilled && Int(text.text) != nil && text.scalar.style == .quoted
                reader.report(
                    node.position,
                    path,
                    "\(text.shown) is not an integer",
                    remedy: isQuoted
                        ? "remove the quotes"
                        : "write a whole number from \(range.lowerBound) to \(range.upperBound)"
                )
                return nil
            }
            guard range.contains(number) else {
                reader.report(
                    node.position,
                    path,
                    "\(text.shown) is out of range",
                    remedy: "use \(range.lowerBound) to \(range.upperBound)"
                )
                return nil
            }
            return number
        }
    }

    /// A number of bytes, written with its unit.
    static func size(in range: ClosedRange<Int>) -> Shape {
        .parsed(
            schema: ["type": "string", "pattern": "^[0-9]+(B|KiB|MiB|GiB)$"],
            rendered: { .string(ByteCount.text($0)) }
        ) { text throws(Malformed) in
            let bytes = try ByteCount.parse(text)
            guard range.contains(bytes) else {
                let bounds = "\(ByteCount.text(range.lowerBound)) to \(ByteCount.text(range.upperBound))"
                throw Malformed("is out of range", remedy: "use \(bounds)")
            }
            return bytes
        }
    }
}

extension Shape<Double> {
    /// As it reads back from a JSON text: without a fraction it is an integer.
    private static func fractionJSON(_ value: Double) -> JSONValue {
        Int(exactly: value).map { JSONValue($0) } ?? .number(value)
    }

    /// A part of a whole, from 0 to 1.
    static var fraction: Shape {
        let own: JSONValue = ["type": "number", "minimum": 0, "maximum": 1]
        return Shape(schema: ReferenceSchema.or(own), rendered: Self.fractionJSON) { node, path, reader in
            guard let text = reader.text(node, path) else { return nil }
            let number: Double? =
                switch text.scalar.value {
                case .integer(let value) where !text.isFilled: Double(value)
                case .real(let value) where !text.isFilled: value
                default: text.isFilled ? Double(text.text) : nil
                }
            guard let number, (0...1).contains(number) else {
                reader.report(
                    node.position,
                    path,
                    "\(text.shown) is not a number from 0 to 1",
                    remedy: "write 0.1 for one in ten"
                )
                return nil
            }
            return number
        }
    }
}

extension Shape<Duration> {
    /// A length of time.
    static func duration(in range: ClosedRange<Duration>) -> Shape {
        .parsed(
            schema: ["type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"],
            rendered: { .string($0.configurationText) }
        ) { text throws(Malformed) in
            let time = try Duration(parsing: text)
            guard range.contains(time) else {
                let bounds = "\(range.lowerBound.configurationText) to \(range.upperBound.configurationText)"
                throw Malformed("is out of range", remedy: "use \(bounds)")
            }
            return time
        }
    }
}

extension Shape<Rate> {
    /// So many per so long: at most 10,000 within at most a day.
    static var rate: Shape {
        .parsed(
            schema: ["type": "string", "pattern": "^[0-9]+/[0-9]*(ms|s|m|h|d)$"],
            rendered: { .string($0.description) }
        ) { text throws(Malformed) in
            let rate = try Rate(parsing: text)
            guard rate.count <= 10_000, rate.per <= .seconds(86_400) else {
                throw Malformed("is out of range", remedy: "use at most 10000 within at most 24h")
            }
            return rate
        }
    }
}

extension Shape<Bool> {
    /// `true` or `false`, and none of YAML 1.1's other words.
    static var bool: Shape {
        Shape(schema: ReferenceSchema.or(["type": "boolean"]), rendered: { .bool($0) }) {
            node,
            path,
            reader in
            guard let text = reader.text(node, path) else { return nil }
            if case .bool(let value) = text.scalar.value { return value }
            if text.isFilled, let value = Bool(text.text) { return value }
            let meant =
                switch text.text.lowercased() {
                case "yes", "on", "y": "write true"
                case "no", "off", "n": "write false"
                case "true", "false": "remove the quotes"
                default: "write true or false"
                }
            reader.report(node.position, path, "\(text.shown) is not a truth value", remedy: meant)
            return nil
        }
    }
}

extension Shape where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of an enumeration's words; those of a later version are known and refused.
    static func choice(what: String, later: [String] = []) -> Shape {
        let words = Value.allCases.map(\.rawValue)
        return .parsed(
            schema: ["enum": .array(words.map(JSONValue.string))],
            rendered: { .string($0.rawValue) }
        ) { text throws(Malformed) in
            if let value = Value(rawValue: text) { return value }
            let known = words.joined(separator: ", ")
            if later.contains(text) {
                throw Malformed("is not supported by this version", remedy: "use \(known)")
            }
            let meant = nearestMatch(to: text, among: words + later).map { "did you mean \"\($0)\"?" }
            throw Malformed("is not \(what)", remedy: meant ?? "use one of \(known)")
        }
    }
}

/// The grammar of names in the file.
enum Names {
    /// Whether it matches `[a-z0-9][a-z0-9._-]{0,63}`.
    static func isName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let isPlain = { (byte: UInt8) in (48...57).contains(byte) || (97...122).contains(byte) }
        guard (1...64).contains(bytes.count), isPlain(bytes[0]) else { return false }
        return bytes.allSatisfy { isPlain($0) || $0 == 45 || $0 == 46 || $0 == 95 }
    }
}
