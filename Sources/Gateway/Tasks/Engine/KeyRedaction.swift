package import Crypto
import HTTP
package import Providers

/// Takes a key out of what its vendor answers.
///
/// A server that prints its own exceptions may repeat the request in an error's words, and those words are kept with the
/// attempt, shown to the caller and logged. So a key is replaced before anybody reads the answer: as it is, in
/// hexadecimal digits, percent-encoded, and in base 64 at any offset.
package struct KeyRedaction {
    private static let replacement = Array("<redacted>".utf8)
    /// Shorter ones stand in answers by accident.
    private static let shortest = 8

    /// Longest first: a spelling may hold another one.
    private let spellings: [[UInt8]]
    /// Which bytes a spelling begins with: one pass over an answer is enough.
    private let beginnings: [Bool]

    /// `nil` for a key that is too short to be told from other words.
    package init?(_ key: Secret<String>) {
        let bytes = key.reveal { Array($0.utf8) }
        guard bytes.count >= Self.shortest else { return nil }
        let hex = Hex.encode(bytes)
        var spellings = [bytes, Array(hex.utf8), Array(hex.uppercased().utf8)]
        // As a string of JSON may write it.
        spellings.append(bytes.flatMap { $0 == UInt8(ascii: "/") ? Array("\\/".utf8) : [$0] })
        spellings.append(
            bytes.flatMap { byte in
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): [UInt8(ascii: "\\"), byte]
                default: [byte]
                }
            }
        )
        for digits in ["0123456789ABCDEF", "0123456789abcdef"] {
            spellings.append(bytes.flatMap { Self.percentEncoded($0, Array(digits.utf8)) })
        }
        // Three offsets within a group of three bytes; of each the whole groups, which do not depend on the neighbours.
        for offset in 0..<3 {
            let whole = Array(bytes.dropFirst(offset))
            let groups = Array(whole.prefix(whole.count / 3 * 3))
            let encoded = Base64.standard.encode(groups)
            spellings.append(Array(encoded.utf8))
            spellings.append(
                encoded.utf8.map { byte in
                    byte == UInt8(ascii: "+")
                        ? UInt8(ascii: "-") : byte == UInt8(ascii: "/") ? UInt8(ascii: "_") : byte
                }
            )
        }
        self.spellings = Set(spellings).sorted { $0.count > $1.count }
        beginnings = (0..<256).map { byte in spellings.contains { $0.first == UInt8(byte) } }
    }

    /// The same answer without the key.
    package func redacted(_ reply: UpstreamReply) -> UpstreamReply {
        var fields = Fields()
        for field in reply.fields {
            fields.append(field.name, String(decoding: redacted(Array(field.value.utf8)), as: UTF8.self))
        }
        return UpstreamReply(status: reply.status, fields: fields, body: redacted(reply.body))
    }

    /// The same bytes without the key.
    package func redacted(_ bytes: [UInt8]) -> [UInt8] {
        var clean: [UInt8] = []
        var (start, position) = (0, 0)
        while position < bytes.count {
            guard beginnings[Int(bytes[position])], let length = spelling(at: position, in: bytes) else {
                position += 1
                continue
            }
            clean += bytes[start..<position] + Self.replacement
            position += length
            start = position
        }
        return start == 0 ? bytes : clean + bytes[start...]
    }

    /// The length of the longest spelling that begins there.
    private func spelling(at position: Int, in bytes: [UInt8]) -> Int? {
        let rest = bytes[position...]
        return spellings.first { rest.starts(with: $0) }?.count
    }

    private static func percentEncoded(_ byte: UInt8, _ digits: [UInt8]) -> [UInt8] {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            [byte]
        default: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
}
