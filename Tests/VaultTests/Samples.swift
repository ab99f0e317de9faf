import Crypto
import Telemetry
import Vault

let rawText = Secret(String(repeating: "0123456789abcdef", count: 4))
let time = Timestamp(milliseconds: 1_790_000_000_000)

func name(_ text: String) -> VaultName {
    guard let name = VaultName(text) else { fatalError("a test names an entry \(text)") }
    return name
}

func value(_ text: String) -> LockedBytes { LockedBytes(copying: Array(text.utf8)) }

/// A vault with these entries under a raw key, which takes no time to open.
func sample(
    _ entries: [String: String] = ["suno/main": "k-suno", "kie/hook": "k-hook"],
    key: Secret<String> = rawText
) throws -> UnlockedVault {
    var vault = try UnlockedVault(newWith: VaultKey(key))
    for (entry, text) in entries.sorted(by: { $0.key < $1.key }) {
        try vault.set(name(entry), to: value(text), at: time)
    }
    return vault
}

/// What a file says when it is opened with the key.
func open(_ bytes: [UInt8], _ key: Secret<String> = rawText) throws(VaultError) -> UnlockedVault {
    try UnlockedVault(SealedVault(parsing: bytes), keys: [VaultKey(key)])
}

/// The error of opening; `nil` when it opens.
func refusal(_ bytes: [UInt8], _ key: Secret<String> = rawText) -> VaultError? {
    do throws(VaultError) {
        let vault = try open(bytes, key)
        for name in vault.sealed.names { _ = try vault.value(of: name) }
        return nil
    } catch {
        return error
    }
}

extension SealedVault {
    /// The lines without the last, which is the sum.
    var lines: [String] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropLast().map(String.init)
    }
}

/// A file of these lines with the right sum: what somebody makes who has the file and not the key.
func forged(_ lines: [String]) -> [UInt8] {
    let text = lines.map { $0 + "\n" }.joined()
    return Array("\(text)sum \(SHA256.hash(text).hex)\n".utf8)
}
