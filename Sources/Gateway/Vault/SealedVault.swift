import Crypto
package import Telemetry

/// A vault as its file tells it: everything in order, and everything still sealed.
package struct SealedVault: Sendable, Equatable {
    /// The version that this program writes and reads.
    package static let version = 1
    /// The most bytes of a value.
    package static let longestValue = 64 << 10
    /// The most entries.
    package static let mostEntries = 1024
    /// The most bytes of a file: all entries, each of the greatest length.
    package static let mostBytes = 100 << 20

    /// A secret under its name.
    package struct Entry: Sendable, Equatable {
        /// What it is called.
        package let name: VaultName
        /// When its value was last set.
        package let changed: Timestamp
        let nonce: [UInt8]
        let sealed: [UInt8]
    }

    /// Bytes sealed under a key that is not in the file, and their nonce.
    struct WrappedKey: Sendable, Equatable {
        let nonce: [UInt8]
        let sealed: [UInt8]
    }

    let derivation: KeyDerivation
    let wrappedKey: WrappedKey
    /// Sorted by name, each name once.
    package internal(set) var entries: [Entry]
    var mac: Digest

    /// The names of all entries, sorted.
    package var names: [VaultName] { entries.map(\.name) }

    // MARK: Writing

    /// The file, byte for byte.
    package var bytes: [UInt8] {
        var text = authenticatedBytes
        text += Array("mac \(mac.hex)\n".utf8)
        return text + Array("sum \(SHA256.hash(text).hex)\n".utf8)
    }

    /// The lines before `mac`.
    var authenticatedBytes: [UInt8] {
        var text = headerBytes
        text += Array((wrappedKey.line + "\n").utf8)
        for entry in entries { text += Array((entry.line + "\n").utf8) }
        return text
    }

    /// The lines before `key`, which the wrapped key is tied to.
    var headerBytes: [UInt8] { Self.headerBytes(derivation) }

    static func headerBytes(_ derivation: KeyDerivation) -> [UInt8] {
        Array("\(magic) \(version)\n\(derivation.line)\n".utf8)
    }

    /// The word that every version's file begins with.
    static let magic = "soundgate-vault"
}

extension SealedVault.Entry {
    /// The line in the file, without its end.
    var line: String { "entry \(name) \(changed) \(Hex.encode(nonce)) \(Base64.standard.encode(sealed))" }

    /// What ties the sealed bytes to their name.
    static func associated(_ name: VaultName) -> [UInt8] {
        Array("\(SealedVault.magic) \(SealedVault.version) entry \(name)".utf8)
    }
}

extension SealedVault.WrappedKey {
    /// The line in the file, without its end.
    var line: String { "key \(Hex.encode(nonce)) \(Hex.encode(sealed))" }
}
