/// Why a vault cannot be read or written.
///
/// No case holds a value or a key; a name of an entry may be shown.
package enum VaultError: Error, Sendable, Equatable {
    /// The file does not begin as a vault does.
    case notAVault
    /// A later version wrote it; what its first line says.
    case newerVersion(String)
    /// Its end is missing.
    case truncated
    /// Its checksum is wrong: a disk or a copy damaged it, or an editor.
    case damaged
    /// Its checksum is right, but a line is not as this program writes it.
    case malformed(line: Int, reason: String)
    /// The key is not the one that it was sealed with.
    case wrongKey
    /// It was sealed with the other kind of key.
    case wrongKindOfKey(wanted: KeyKind)
    /// Somebody without the key added, removed or put back entries, and made a new checksum.
    case tampered
    /// The sealed bytes of an entry were changed, and the checksum made anew.
    case entryAltered(VaultName)
    /// An entry's sealed bytes are those of another name.
    case entrySwapped(VaultName, sealedAs: VaultName)
    /// A passphrase is too short.
    case weakKey
    /// scrypt found no memory.
    case noMemory
    /// An entry's value may have 1 to 65,536 bytes.
    case valueOutOfBounds(Int)
    /// A vault holds at most ``SealedVault/mostEntries`` entries.
    case tooManyEntries

    /// The two kinds of keys.
    package enum KeyKind: Sendable, Equatable {
        /// 64 hexadecimal digits.
        case raw
        /// A passphrase.
        case passphrase
    }
}

extension VaultError: CustomStringConvertible {
    /// What is wrong, as the rest of a sentence that begins with the vault's file.
    package var description: String {
        switch self {
        case .notAVault: "is not a vault"
        case .newerVersion(let version):
            "is of version \(version), and this soundgate knows version \(SealedVault.version)"
        case .truncated: "is cut off: its end is missing"
        case .damaged: "is damaged: its checksum does not fit"
        case .malformed(let line, let reason): "is malformed in line \(line): \(reason)"
        case .wrongKey: "does not open with this key"
        case .wrongKindOfKey(.raw):
            "was sealed with a key of 64 hexadecimal digits, and this key is a passphrase"
        case .wrongKindOfKey(.passphrase):
            "was sealed with a passphrase, and this key is one of 64 hexadecimal digits"
        case .tampered:
            "was tampered with: entries were added, removed, reordered or put back by somebody without the key"
        case .entryAltered(let name): "was tampered with: the entry \(name) was altered"
        case .entrySwapped(let name, let other):
            "was tampered with: what stands under \(name) was sealed under \(other)"
        case .weakKey:
            "cannot have so short a key: a passphrase has at least \(VaultKey.shortestPassphrase) characters"
        case .noMemory: "cannot be opened: there is no memory to stretch the passphrase"
        case .valueOutOfBounds(let count):
            "holds values of 1 to \(SealedVault.longestValue) bytes, not of \(count)"
        case .tooManyEntries: "is full: it holds at most \(SealedVault.mostEntries) entries"
        }
    }

    /// What to do about it.
    package var remedy: String {
        switch self {
        case .notAVault: "check the path, or make a vault with: soundgate vault init"
        case .newerVersion: "use the soundgate that wrote it, or a later one"
        case .truncated, .damaged: "put back a copy, or make a new vault and set its entries again"
        case .malformed: "put back a copy; only soundgate vault should write this file"
        case .wrongKey, .wrongKindOfKey: "use the key that it was sealed with"
        case .tampered, .entryAltered, .entrySwapped:
            "find out who could write it, put back a copy, and change the keys that were in it"
        case .weakKey: "choose a longer one, or let soundgate vault init --key-file make a random key"
        case .noMemory: "free some memory"
        case .valueOutOfBounds: "keep larger secrets in files"
        case .tooManyEntries: "remove some"
        }
    }

    /// Whether the key is at fault, not the file.
    package var isAboutTheKey: Bool {
        switch self {
        case .wrongKey, .wrongKindOfKey, .weakKey: true
        default: false
        }
    }
}
