import COpenSSL

/// HKDF with SHA-256 (RFC 5869): several keys out of one, each for a purpose of its own.
package enum HKDF {
    /// The key for a purpose; at most 8160 bytes.
    ///
    /// `secret` must be hard to guess by itself: for a passphrase there is ``Scrypt``.
    package static func deriveKey(
        from secret: LockedBytes,
        salt: [UInt8] = [],
        purpose: [UInt8],
        count: Int
    ) -> LockedBytes {
        precondition((1...255 * 32).contains(count), "HKDF with SHA-256 gives 1 to 8160 bytes")
        var isDerived = false
        let key = LockedBytes(count: count) { output in
            secret.withBytes { secret in
                unsafe secret.withUnsafeBytes { secret in
                    unsafe output.withUnsafeMutableBytes { output in
                        isDerived = unsafe derive(secret, salt, purpose, to: output)
                    }
                }
            }
        }
        guard isDerived else {
            fatalError("OpenSSL has no HKDF or no memory, and nothing here can go on without them")
        }
        return key
    }

    private static func derive(
        _ secret: UnsafeRawBufferPointer,
        _ salt: [UInt8],
        _ purpose: [UInt8],
        to output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        let context = unsafe EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nil)
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var count = output.count
        let key = unsafe secret.baseAddress?.assumingMemoryBound(to: UInt8.self)
        // No salt and an empty one are the same: a block of zeros. "set1" and "add1" copy what they are given.
        return unsafe EVP_PKEY_derive_init(context) == 1
            && EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha256()) == 1
            && (salt.isEmpty || EVP_PKEY_CTX_set1_hkdf_salt(context, salt, Int32(salt.count)) == 1)
            && EVP_PKEY_CTX_set1_hkdf_key(context, key, Int32(secret.count)) == 1
            && (purpose.isEmpty || EVP_PKEY_CTX_add1_hkdf_info(context, purpose, Int32(purpose.count)) == 1)
            && EVP_PKEY_derive(context, output.baseAddress?.assumingMemoryBound(to: UInt8.self), &count) == 1
            && count == output.count
    }
}
