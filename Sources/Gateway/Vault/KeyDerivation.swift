import Crypto

/// How the key that wraps a vault's data key comes from what the operator gives: the line `kdf …`.
enum KeyDerivation: Sendable, Equatable {
    /// It is given.
    case raw
    /// It is stretched from a passphrase.
    case scrypt(Scrypt, salt: [UInt8])

    /// The length of a salt.
    static let saltCount = 16
    /// The most memory and work that a file may ask for: eight times what is written today.
    static let mostMemory = 256 << 20
    static let mostParallelism = 16

    /// What a new vault uses, with a salt of its own.
    static func standard(for key: VaultKey) -> KeyDerivation {
        switch key {
        case .raw: return .raw
        case .passphrase:
            // 32 MiB and about a tenth of a second: what RFC 7914's authors call interactive, doubled.
            guard let scrypt = Scrypt(cost: 1 << 15, blockSize: 8, parallelism: 1) else {
                fatalError("scrypt has these parameters, as its tests show")
            }
            return .scrypt(scrypt, salt: randomBytes(saltCount))
        }
    }

    /// The key-encryption key.
    func key(from key: VaultKey) throws(VaultError) -> LockedBytes {
        switch (self, key) {
        case (.raw, .raw(let bytes)): return bytes
        case (.scrypt(let scrypt, let salt), .passphrase(let passphrase)):
            let key = scrypt.deriveKey(from: passphrase, salt: salt, count: AuthenticatedCipher.keyCount)
            guard let key else { throw .noMemory }
            return key
        case (.raw, .passphrase): throw .wrongKindOfKey(wanted: .raw)
        case (.scrypt, .raw): throw .wrongKindOfKey(wanted: .passphrase)
        }
    }

    /// The line in the file, without its end.
    var line: String {
        switch self {
        case .raw: "kdf raw"
        case .scrypt(let scrypt, let salt):
            "kdf scrypt \(scrypt.cost) \(scrypt.blockSize) \(scrypt.parallelism) \(Hex.encode(salt))"
        }
    }

    /// Reads the words after `kdf`; `nil` for what this version does not write or dare.
    init?(_ words: [Substring]) {
        if words == ["raw"] {
            self = .raw
            return
        }
        guard words.count == 5, words[0] == "scrypt", let cost = Int(words[1]), let blockSize = Int(words[2]),
            let parallelism = Int(words[3]), parallelism <= Self.mostParallelism,
            let scrypt = Scrypt(
                cost: cost,
                blockSize: blockSize,
                parallelism: parallelism,
                memory: Self.mostMemory
            ),
            let salt = Hex.decode(String(words[4])), salt.count == Self.saltCount
        else { return nil }
        self = .scrypt(scrypt, salt: salt)
    }
}
