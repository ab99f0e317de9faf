/// A symmetric key of Standard Webhooks (<https://www.standardwebhooks.com>): signs messages and knows them again.
///
/// What is signed is `id.timestamp.body`, byte by byte as it is sent. A message that is repeated is as true as the first
/// time: whoever acts on it must look at its time and its id.
package struct WebhookKey: Sendable {
    /// How many bytes a secret has by the standard.
    package static let length = 24...64
    /// What a secret begins with when it is shown.
    package static let prefix = "whsec_"

    private let key: LockedBytes

    /// A key from its secret: `whsec_`, which may be missing, and base 64; `nil` for anything else.
    ///
    /// An empty key would let anybody sign, and is none.
    package init?(_ secret: Secret<String>) {
        let key = secret.reveal { secret in
            let text = secret.hasPrefix(Self.prefix) ? secret.dropFirst(Self.prefix.count) : secret[...]
            return Base64.standard.decode(String(text))
        }
        guard let key, !key.isEmpty else { return nil }
        self.key = LockedBytes(copying: key)
    }

    /// How many bytes it has.
    package var count: Int { key.count }

    /// The signature as its header field has it: `v1,` and base 64; the time in seconds since 1970, as its field has it.
    package func signature(of id: String, at timestamp: String, _ body: [UInt8]) -> String {
        "v1,\(Base64.standard.encode(code(id, timestamp, body)))"
    }

    /// Whether one of the signatures in a header field, apart by spaces, is this key's.
    ///
    /// A sender whose secret is being changed signs with the old and the new one.
    package func hasSigned(_ id: String, at timestamp: String, _ body: [UInt8], in signatures: String) -> Bool
    {
        let code = code(id, timestamp, body)
        return signatures.split(separator: " ").contains { signature in
            guard signature.hasPrefix("v1,"),
                let claimed = Base64.standard.decode(String(signature.dropFirst(3)))
            else { return false }
            return constantTimeEquals(claimed, code)
        }
    }

    private func code(_ id: String, _ timestamp: String, _ body: [UInt8]) -> [UInt8] {
        HMACSHA256.authenticate(Array("\(id).\(timestamp).".utf8) + body, key: key).bytes
    }
}

extension WebhookKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
