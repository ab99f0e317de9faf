import Crypto
import Glibc

/// The ways in which a secret could stand somewhere: as it is, in hexadecimal digits, percent-encoded, and in base 64 at any
/// offset of its groups.
struct Spellings {
    let name: String
    private let forms: [[UInt8]]

    init(_ name: String, of secret: String) {
        self.name = name
        let bytes = Array(secret.utf8)
        let hex = Hex.encode(bytes)
        // Every byte encoded, as a careful encoder would, and only those that have to be.
        let percent = bytes.map { "%" + Hex.encode([$0]) }.joined()
        var plain = ""
        for byte in bytes {
            let isPlain = UnicodeScalar(byte).properties.isAlphabetic || (48...57).contains(byte)
            plain +=
                isPlain || [45, 46, 95, 126].contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + Hex.encode([byte]).uppercased()
        }
        var texts = [secret, hex, hex.uppercased(), percent, percent.uppercased(), plain]
        for offset in 0..<3 {
            let groups = Array(bytes.dropFirst(offset))
            let whole = Array(groups.prefix(groups.count / 3 * 3))
            texts += [Base64.standard.encode(whole), Base64.url.encode(whole)]
        }
        forms = Set(texts).map { Array($0.utf8) }
    }

    /// Whether one of them stands in there.
    func stand(in bytes: [UInt8]) -> Bool { forms.contains { Self.holds(bytes, $0) } }

    /// A database has megabytes, which the C library goes through quickly.
    private static func holds(_ bytes: [UInt8], _ form: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { (all: UnsafeRawBufferPointer) -> Bool in
            guard let beginning = all.baseAddress, let first = form.first else { return false }
            var place = 0
            while all.count - place >= form.count {
                guard let found = memchr(beginning + place, Int32(first), all.count - place) else {
                    return false
                }
                place = UnsafeRawPointer(found) - beginning
                if all.count - place >= form.count, memcmp(found, form, form.count) == 0 { return true }
                place += 1
            }
            return false
        }
    }
}
