import COpenSSL

/// scrypt (RFC 7914): makes a key of a passphrase, at a cost in time and memory for whoever tries passphrases.
package struct Scrypt: Sendable, Equatable {
    /// N, the cost: a power of two above 1.
    package let cost: Int
    /// r: memory is 128 · N · r bytes.
    package let blockSize: Int
    /// p: time goes up with it.
    package let parallelism: Int

    /// The parameters; `nil` for those that scrypt does not have or that want more than `memory` bytes.
    package init?(cost: Int, blockSize: Int, parallelism: Int, memory: Int = 256 << 20) {
        guard cost > 1, cost & (cost - 1) == 0, blockSize > 0, parallelism > 0, blockSize <= memory / 128,
            cost <= memory / (128 * blockSize), parallelism <= memory / (128 * blockSize)
        else { return nil }
        self.cost = cost
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    /// The key; takes its time and its memory, and is not for an event loop.
    ///
    /// `nil` when there is no memory for it.
    package func deriveKey(from passphrase: LockedBytes, salt: [UInt8], count: Int) -> LockedBytes? {
        var isDerived = false
        let key = LockedBytes(count: count) { output in
            passphrase.withBytes { passphrase in
                unsafe passphrase.withUnsafeBytes { passphrase in
                    unsafe output.withUnsafeMutableBytes { output in
                        // "If key is NULL and keylen is 0 then EVP_PBE_scrypt() simply checks the parameters"; a null
                        // passphrase stands for an empty one. The last limit is ours, with room for OpenSSL's own needs.
                        isDerived =
                            unsafe EVP_PBE_scrypt(
                                passphrase.baseAddress?.assumingMemoryBound(to: CChar.self),
                                passphrase.count,
                                salt,
                                salt.count,
                                UInt64(cost),
                                UInt64(blockSize),
                                UInt64(parallelism),
                                1 << 30,
                                output.baseAddress?.assumingMemoryBound(to: UInt8.self),
                                count
                            ) == 1
                    }
                }
            }
        }
        return isDerived ? key : nil
    }
}
