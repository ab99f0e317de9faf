import Crypto
import Telemetry
import Testing
import Vault

@Suite struct UnlockedVaultTests {
    @Test func whatIsSetComesBack() throws {
        let texts = ["a": "x", "suno/main": "k-suno", "z_9.-/": String(repeating: "é", count: 32_768)]
        let vault = try open(try sample(texts).sealed.bytes)
        #expect(vault.sealed.names.map(\.text) == ["a", "suno/main", "z_9.-/"])
        for (entry, text) in texts { #expect(try vault.value(of: name(entry)) == value(text)) }
        #expect(try vault.value(of: name("b")) == nil)
        #expect(vault.sealed.entries.allSatisfy { $0.changed == time })
    }

    @Test func anEmptyVaultIsAVault() throws {
        #expect(try open(try sample([:]).sealed.bytes).sealed.names.isEmpty)
    }

    @Test func settingReplacesAndRemovingRemoves() throws {
        var vault = try sample()
        let later = Timestamp(milliseconds: time.milliseconds + 1)
        try vault.set(name("suno/main"), to: value("new"), at: later)
        let removals = (0..<2).map { _ in vault.remove(name("kie/hook")) }
        #expect(removals == [true, false])
        let reopened = try open(vault.sealed.bytes)
        #expect(try reopened.value(of: name("suno/main")) == value("new"))
        #expect(reopened.sealed.entries.map(\.changed) == [later])
    }

    @Test func nothingIsSealedTwiceWithTheSameBytes() throws {
        let lines = try (0..<2).flatMap { _ in try sample(["a": "same", "b": "same"]).sealed.lines }
        let sealed = lines.filter { $0.hasPrefix("entry") }.compactMap { $0.split(separator: " ").last }
        #expect(Set(sealed).count == 4)
        #expect(Set(lines.filter { $0.hasPrefix("key") }).count == 2)
    }

    @Test(arguments: [0, 65_537])
    func valuesHaveBounds(_ count: Int) throws {
        var vault = try sample()
        #expect(throws: VaultError.valueOutOfBounds(count)) {
            try vault.set(name("a"), to: LockedBytes(randomCount: count), at: time)
        }
    }

    // MARK: Keys

    @Test func aPassphraseIsStretched() throws {
        let key = Secret("twelve chars")
        let bytes = try sample(["a": "x"], key: key).sealed.bytes
        #expect(String(decoding: bytes, as: UTF8.self).contains("\nkdf scrypt 32768 8 1 "))
        #expect(try open(bytes, key).value(of: name("a")) == value("x"))
        #expect(refusal(bytes, Secret("twelve charz")) == .wrongKey)
        #expect(refusal(bytes) == .wrongKindOfKey(wanted: .passphrase))
    }

    @Test func aWrongKeyIsToldAndSoIsTheWrongKind() throws {
        let bytes = try sample().sealed.bytes
        let other = Secret(String(repeating: "0123456789abcdee", count: 4))
        #expect(refusal(bytes, other) == .wrongKey)
        #expect(refusal(bytes, Secret("a passphrase of some length")) == .wrongKindOfKey(wanted: .raw))
        #expect(try open(bytes, Secret(rawText.reveal { $0.uppercased() })).sealed.names.count == 2)
    }

    @Test(arguments: ["", "short", "elevenchars"])
    func shortPassphrasesAreRefused(_ text: String) {
        #expect(throws: VaultError.weakKey) { try VaultKey(Secret(text)) }
    }

    @Test func severalKeysAreTriedInTurn() throws {
        let sealed = try sample().sealed
        let right = try VaultKey(rawText)
        let wrong = VaultKey.random().key
        #expect(try UnlockedVault(sealed, keys: [wrong, right]).sealed == sealed)
        #expect(try UnlockedVault(sealed, keys: [right, wrong]).sealed == sealed)
        #expect(throws: VaultError.wrongKey) { try UnlockedVault(sealed, keys: [wrong, wrong]) }
        #expect(throws: VaultError.wrongKey) { try UnlockedVault(sealed, keys: []) }
    }

    @Test func aRandomKeyIsReadAgain() throws {
        let (key, text) = VaultKey.random()
        #expect(try VaultKey(text) == key)
        #expect(text.reveal { $0.count } == 64)
    }

    @Test func rekeyingSealsEverythingAnewAndKeepsTimes() throws {
        let old = try sample()
        let (key, text) = VaultKey.random()
        let new = try old.rekeyed(with: key)
        #expect(refusal(new.sealed.bytes) == .wrongKey)
        let reopened = try open(new.sealed.bytes, text)
        #expect(try reopened.value(of: name("suno/main")) == value("k-suno"))
        #expect(reopened.sealed.entries.map(\.changed) == [time, time])
        #expect(Set(old.sealed.lines).intersection(new.sealed.lines) == ["soundgate-vault 1", "kdf raw"])
        // Entries of the old vault do not pass in the new one.
        var mixed = new.sealed.lines
        mixed[3] = old.sealed.lines[3]
        #expect(refusal(forged(mixed), text) == .entryAltered(name("kie/hook")))
    }

    // MARK: Names

    @Test(arguments: ["a", "0", "suno/main", "a.b_c-d/e", String(repeating: "a", count: 128)])
    func theseAreNames(_ text: String) {
        #expect(VaultName(text)?.text == text)
    }

    @Test(arguments: [
        "", "A", "/a", ".a", "a b", "a\n", "ä", "a:b", "a}", String(repeating: "a", count: 129),
    ])
    func theseAreNone(_ text: String) {
        #expect(VaultName(text) == nil)
    }
}
