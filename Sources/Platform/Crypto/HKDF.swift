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
        let method = unsafe EVP_KDF_fetch(nil, "HKDF", nil)
        defer { unsafe EVP_KDF_free(method) }
        // It has a reference of its own to the method.
        let context = unsafe EVP_KDF_CTX_new(method)
        defer { unsafe EVP_KDF_CTX_free(context) }
        guard unsafe context != nil else { return false }
        // Parameters are read during the call, and pointers to mutable memory are only how C spells it.
        var digest = Array("SHA256".utf8CString)
        var (salt, purpose) = (salt, purpose)
        let counts = (salt: salt.count, purpose: purpose.count)
        return unsafe digest.withUnsafeMutableBufferPointer { digest in
            unsafe salt.withUnsafeMutableBytes { salt in
                unsafe purpose.withUnsafeMutableBytes { purpose in
                    var parameters = unsafe [
                        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.baseAddress, 0),
                        OSSL_PARAM_construct_octet_string(
                            OSSL_KDF_PARAM_KEY,
                            UnsafeMutableRawPointer(mutating: secret.baseAddress),
                            secret.count
                        ),
                        OSSL_PARAM_construct_octet_string(
                            OSSL_KDF_PARAM_INFO,
                            purpose.baseAddress,
                            counts.purpose
                        ),
                    ]
                    // No salt and an empty one are the same: a block of zeros.
                    if counts.salt > 0 {
                        unsafe parameters.append(
                            OSSL_PARAM_construct_octet_string(
                                OSSL_KDF_PARAM_SALT,
                                salt.baseAddress,
                                counts.salt
                            )
                        )
                    }
                    unsafe parameters.append(OSSL_PARAM_construct_end())
                    return unsafe EVP_KDF_derive(
                        context,
                        output.baseAddress?.assumingMemoryBound(to: UInt8.self),
                        output.count,
                        parameters
                    ) == 1
                }
            }
        }
    }
}
