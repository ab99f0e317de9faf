package import Crypto
package import Telemetry

/// A vault and the data key that opens its entries.
///
/// It has proved that the file is as somebody with the key wrote it. Values are opened one by one, when asked for.
package struct UnlockedVault: Sendable {
    /// What the file is to hold.
    package private(set) var sealed: SealedVault
    private let cipher: AuthenticatedCipher
    private let macKey: LockedBytes

    /// An empty vault with a data key of its own.
    package init(newWith key: VaultKey) throws(VaultError) {
        let dataKey = LockedBytes(randomCount: AuthenticatedCipher.keyCount)
        let derivation = KeyDerivation.standard(for: key)
        let nonce = randomBytes(AuthenticatedCipher.nonceCount)
        let wrapped = Self.cipher(try derivation.key(from: key)).seal(
            dataKey,
            nonce: nonce,
            associated: SealedVault.headerBytes(derivation)
        )
        let nothing = SealedVault(
            derivation: derivation,
            wrappedKey: SealedVault.WrappedKey(nonce: nonce, sealed: wrapped),
            entries: [],
            mac: SHA256.hash([])
        )
        self.init(nothing, dataKey: dataKey)
        authenticate()
    }

    /// Opens a vault with the first key that fits.
    ///
    /// - Throws: What is wrong with the vault, or with the only key; ``VaultError/wrongKey`` when there are several
    ///   and none fits.
    package init(_ sealed: SealedVault, keys: [VaultKey]) throws(VaultError) {
        var refusal: VaultError?
        for key in keys {
            do throws(VaultError) {
                self.init(sealed, dataKey: try Self.dataKey(of: sealed, key))
            } catch {
                guard error.isAboutTheKey else { throw error }
                refusal = keys.count == 1 ? error : .wrongKey
                continue
            }
            let mac = HMACSHA256.authenticate(sealed.authenticatedBytes, key: macKey)
            guard constantTimeEquals(mac.bytes, sealed.mac.bytes) else { throw tampering }
            return
        }
        throw refusal ?? .wrongKey
    }

    private init(_ sealed: SealedVault, dataKey: LockedBytes) {
        self.sealed = sealed
        cipher = Self.cipher(Self.key(for: "entries", from: dataKey))
        macKey = Self.key(for: "mac", from: dataKey)
    }

    // MARK: Entries

    /// The value under a name; `nil` when there is none.
    package func value(of name: VaultName) throws(VaultError) -> LockedBytes? {
        guard let entry = sealed.entries.first(where: { $0.name == name }) else { return nil }
        guard let value = open(entry, as: name) else { throw diagnosis(of: entry) }
        return value
    }

    /// Seals a value of 1 to 65,536 bytes under a name, in place of the one that was there.
    package mutating func set(_ name: VaultName, to value: LockedBytes, at time: Timestamp) throws(VaultError)
    {
        guard (1...SealedVault.longestValue).contains(value.count) else {
            throw .valueOutOfBounds(value.count)
        }
        var entries = sealed.entries.filter { $0.name != name }
        guard entries.count < SealedVault.mostEntries else { throw .tooManyEntries }
        let nonce = randomBytes(AuthenticatedCipher.nonceCount)
        let entry = SealedVault.Entry(
            name: name,
            changed: time,
            nonce: nonce,
            sealed: cipher.seal(value, nonce: nonce, associated: SealedVault.Entry.associated(name))
        )
        entries.insert(entry, at: entries.firstIndex { $0.name > name } ?? entries.endIndex)
        sealed.entries = entries
        authenticate()
    }

    /// Removes an entry; `false` when there is none of that name.
    package mutating func remove(_ name: VaultName) -> Bool {
        guard let index = sealed.entries.firstIndex(where: { $0.name == name }) else { return false }
        sealed.entries.remove(at: index)
        authenticate()
        return true
    }

    /// The same entries under another key, each sealed anew with a fresh data key.
    package func rekeyed(with key: VaultKey) throws(VaultError) -> UnlockedVault {
        var vault = try UnlockedVault(newWith: key)
        for entry in sealed.entries {
            guard let value = open(entry, as: entry.name) else { throw diagnosis(of: entry) }
            try vault.set(entry.name, to: value, at: entry.changed)
        }
        return vault
    }

    // MARK: Keys

    private static func dataKey(of sealed: SealedVault, _ key: VaultKey) throws(VaultError) -> LockedBytes {
        let dataKey = cipher(try sealed.derivation.key(from: key)).open(
            sealed.wrappedKey.sealed,
            nonce: sealed.wrappedKey.nonce,
            associated: sealed.headerBytes
        )
        guard let dataKey else { throw .wrongKey }
        return dataKey
    }

    /// One key for the entries and another for the code over all lines: no key serves two purposes.
    private static func key(for purpose: String, from dataKey: LockedBytes) -> LockedBytes {
        let purpose = "\(SealedVault.magic) \(SealedVault.version) \(purpose)"
        return HKDF.deriveKey(
            from: dataKey,
            purpose: Array(purpose.utf8),
            count: AuthenticatedCipher.keyCount
        )
    }

    private static func cipher(_ key: LockedBytes) -> AuthenticatedCipher {
        guard let cipher = AuthenticatedCipher(key: key) else {
            fatalError("every key here has 32 bytes: raw keys, scrypt's, HKDF's and the wrapped one")
        }
        return cipher
    }

    private mutating func authenticate() {
        sealed.mac = HMACSHA256.authenticate(sealed.authenticatedBytes, key: macKey)
    }

    // MARK: What was done to it

    private func open(_ entry: SealedVault.Entry, as name: VaultName) -> LockedBytes? {
        cipher.open(entry.sealed, nonce: entry.nonce, associated: SealedVault.Entry.associated(name))
    }

    /// Why the code over all lines is wrong, as closely as it can be told.
    private var tampering: VaultError {
        let changed = sealed.entries.first { open($0, as: $0.name) == nil }
        return changed.map(diagnosis) ?? .tampered
    }

    private func diagnosis(of entry: SealedVault.Entry) -> VaultError {
        let other = sealed.names.first { open(entry, as: $0) != nil }
        return other.map { .entrySwapped(entry.name, sealedAs: $0) } ?? .entryAltered(entry.name)
    }
}
