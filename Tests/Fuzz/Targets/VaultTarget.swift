import Crypto
import Vault

extension FuzzTarget {
    private static let key = VaultKey.raw(LockedBytes(copying: [UInt8](repeating: 0x5A, count: 32)))

    /// A vault that is read is written again as it was; what opens it is only what sealed it.
    ///
    /// The checksum would keep the fuzzer out, so the bytes are also tried with the sum that they ought to have.
    static let vault = FuzzTarget("VaultFile") { bytes in
        read(bytes)
        read(bytes + Array("sum \(SHA256.hash(bytes).hex)\n".utf8))
    }

    private static func read(_ bytes: [UInt8]) {
        do throws(VaultError) {
            let sealed = try SealedVault(parsing: bytes)
            precondition(sealed.bytes == bytes, "a vault changes when it is written")
            let vault = try UnlockedVault(sealed, keys: [key])
            for name in sealed.names { _ = try vault.value(of: name) }
        } catch {
            precondition(!error.description.isEmpty, "refused without a reason")
        }
    }
}
