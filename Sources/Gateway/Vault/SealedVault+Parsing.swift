import Crypto
import Telemetry

extension SealedVault {
    /// Reads a file.
    ///
    /// What a bad disk or a broken copy does is told before any key is asked for; what somebody did on purpose shows
    /// when the vault is opened.
    package init(parsing bytes: [UInt8]) throws(VaultError) {
        let lines = try Self.wholeLines(bytes)
        let first = "\(Self.magic) \(Self.version)"
        guard Self.text(lines[0]) == first else {
            let version = Self.text(lines[0]).dropFirst(Self.magic.count + 1)
            guard let number = Int(version), number > Self.version, "\(number)" == version else {
                throw .malformed(line: 1, reason: "it is not \"\(first)\"")
            }
            throw .newerVersion("\(number)")
        }
        // The first line, kdf, key, mac and sum.
        guard lines.count >= 5 else { throw .malformed(line: lines.count, reason: "lines are missing") }
        guard let derivation = KeyDerivation(Self.words(lines[1], after: "kdf")),
            Self.text(lines[1]) == derivation.line
        else { throw .malformed(line: 2, reason: "it is no way to derive a key that this version knows") }
        guard let wrappedKey = WrappedKey(Self.words(lines[2], after: "key")),
            Self.text(lines[2]) == wrappedKey.line
        else { throw .malformed(line: 3, reason: "it is no wrapped key") }
        let mac = Self.words(lines[lines.count - 2], after: "mac").first.flatMap { Hex.decode(String($0)) }
        guard let mac = mac.flatMap({ Digest(bytes: $0) }),
            Self.text(lines[lines.count - 2]) == "mac \(mac.hex)"
        else { throw .malformed(line: lines.count - 1, reason: "it is no authentication code") }
        self.derivation = derivation
        self.wrappedKey = wrappedKey
        self.mac = mac
        entries = []
        for index in 3..<lines.count - 2 {
            guard let entry = Entry(Self.words(lines[index], after: "entry")),
                Self.text(lines[index]) == entry.line
            else { throw .malformed(line: index + 1, reason: "it is no entry") }
            if let last = entries.last, last.name >= entry.name {
                throw .malformed(line: index + 1, reason: "entries are not in order")
            }
            entries.append(entry)
        }
        guard entries.count <= Self.mostEntries else { throw .tooManyEntries }
    }

    /// The lines of a file that begins as a vault, ends as one, and has the sum that it says.
    ///
    /// This much holds for every version, so that damage is never taken for news.
    private static func wholeLines(_ bytes: [UInt8]) throws(VaultError) -> [ArraySlice<UInt8>] {
        let beginning = Array("\(magic) ".utf8)
        guard bytes.starts(with: beginning) else {
            throw beginning.starts(with: bytes) ? .truncated : .notAVault
        }
        let newline = UInt8(ascii: "\n")
        var lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
        let last = lines.removeLast()
        let sumLength = "sum ".utf8.count + 2 * Digest.count
        guard last.isEmpty, let sumLine = lines.last else {
            // A whole last line whose end is another byte was changed, not cut.
            throw last.starts(with: "sum ".utf8) && last.count > sumLength ? .damaged : .truncated
        }
        guard sumLine.starts(with: "sum ".utf8), sumLine.count == sumLength else {
            // Nor was anything cut where only the end of the line before was changed.
            if sumLine.suffix(sumLength).starts(with: "sum ".utf8) { throw .damaged }
            let isOurs = ["\(magic) ", "kdf ", "key ", "entry ", "mac "].contains {
                sumLine.starts(with: $0.utf8)
            }
            throw isOurs ? .truncated : .damaged
        }
        let sum = SHA256.hash(Array(bytes[..<sumLine.startIndex])).hex
        guard sumLine.dropFirst("sum ".utf8.count).elementsEqual(sum.utf8) else { throw .damaged }
        return lines
    }

    private static func text(_ line: ArraySlice<UInt8>) -> String { String(decoding: line, as: UTF8.self) }

    /// The words of a line after its first; none for a line of another kind.
    private static func words(_ line: ArraySlice<UInt8>, after first: String) -> [Substring] {
        let words = text(line).split(separator: " ", omittingEmptySubsequences: false)
        return words.first == first[...] ? Array(words.dropFirst()) : []
    }
}

extension SealedVault.Entry {
    fileprivate init?(_ words: [Substring]) {
        guard words.count == 4, let name = VaultName(String(words[0])),
            let changed = Timestamp(String(words[1])), let nonce = Hex.decode(String(words[2])),
            nonce.count == AuthenticatedCipher.nonceCount,
            let sealed = Base64.standard.decode(String(words[3])),
            (1...SealedVault.longestValue).contains(sealed.count - AuthenticatedCipher.tagCount)
        else { return nil }
        self.init(name: name, changed: changed, nonce: nonce, sealed: sealed)
    }
}

extension SealedVault.WrappedKey {
    fileprivate init?(_ words: [Substring]) {
        guard words.count == 2, let nonce = Hex.decode(String(words[0])),
            nonce.count == AuthenticatedCipher.nonceCount, let sealed = Hex.decode(String(words[1])),
            sealed.count == AuthenticatedCipher.keyCount + AuthenticatedCipher.tagCount
        else { return nil }
        self.init(nonce: nonce, sealed: sealed)
    }
}
