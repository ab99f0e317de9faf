package import Crypto

/// What opens a vault: 32 bytes as they are, or a passphrase that scrypt stretches to them.
package enum VaultKey: Sendable, Equatable {
    /// 64 hexadecimal digits in the operator's file.
    case raw(LockedBytes)
    /// Anything else, of at least twelve characters.
    case passphrase(LockedBytes)

    /// The fewest characters of a passphrase.
    package static let shortestPassphrase = 12

    /// Understands what the operator wrote.
    ///
    /// - Throws: ``VaultError/weakKey`` for a passphrase that is too short.
    package init(_ text: Secret<String>) throws(VaultError) {
        if let raw = text.reveal({ $0.utf8.count == 64 ? Hex.decode($0) : nil }) {
            self = .raw(LockedBytes(copying: raw))
            return
        }
        guard text.reveal({ $0.count }) >= Self.shortestPassphrase else { throw .weakKey }
        self = .passphrase(text.withBytes { LockedBytes(copying: $0) })
    }

    /// Random 32 bytes, and how a file holds them.
    package static func random() -> (key: VaultKey, text: Secret<String>) {
        let bytes = LockedBytes(randomCount: 32)
        return (.raw(bytes), Secret(bytes.withBytes { Hex.encode([UInt8](secretBytes: $0)) }))
    }
}
