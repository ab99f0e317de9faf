import Crypto

/// What a client's certificate must be or say: the certificate itself, or a name in it that its authority vouches for.
package enum CertificateMatch: Sendable, Hashable, CustomStringConvertible {
    /// SHA-256 of its DER form.
    case fingerprint([UInt8])
    /// A DNS name among its alternative names, in lower case and whole: `*` stands for nothing.
    case dns(String)
    /// A URI among its alternative names, byte for byte.
    case uri(String)

    private static let remedy =
        "write its fingerprint (openssl x509 -in FILE -noout -fingerprint -sha256), or a name in it as DNS:NAME or URI:URI"

    /// Reads `sha256:HEX` (colons between the digits or none), `DNS:worker.internal` or `URI:spiffe://house/worker`.
    package init(parsing text: String) throws(Malformed) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        switch parts[0].lowercased() {
        case "dns" where parts.count == 2:
            let name = parts[1].lowercased()
            let isName = name.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 46
                    || byte == 95
            }
            guard isName, (1...253).contains(name.utf8.count) else {
                throw Malformed(
                    "has no proper DNS name",
                    remedy: "write a whole name, as in DNS:worker.internal"
                )
            }
            self = .dns(name)
        case "uri" where parts.count == 2:
            let isURI = parts[1].utf8.allSatisfy { (0x21...0x7E).contains($0) } && parts[1].contains(":")
            guard isURI else {
                throw Malformed(
                    "has no proper URI",
                    remedy: "write a whole one, as in URI:spiffe://house/worker"
                )
            }
            self = .uri(String(parts[1]))
        case "sha256" where parts.count == 2: self = .fingerprint(try Self.digest(parts[1]))
        default: self = .fingerprint(try Self.digest(text[...]))
        }
    }

    private static func digest(_ text: Substring) throws(Malformed) -> [UInt8] {
        let digits = String(text.filter { $0 != ":" }).lowercased()
        guard digits.utf8.count == 64, let bytes = Hex.decode(digits) else {
            throw Malformed("is not a certificate's SHA-256, DNS name or URI", remedy: remedy)
        }
        return bytes
    }

    /// The form that ``init(parsing:)`` reads.
    package var description: String {
        switch self {
        case .fingerprint(let bytes): "sha256:\(Hex.encode(bytes))"
        case .dns(let name): "DNS:\(name)"
        case .uri(let uri): "URI:\(uri)"
        }
    }
}
