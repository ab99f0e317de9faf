import COpenSSL

/// Bytes that nobody can guess, from OpenSSL's generator, which the kernel seeds.
///
/// Traps when the generator fails: a program without entropy must not hand out keys and ids.
package func randomBytes(_ count: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        guard count > 0 else { return }
        guard unsafe RAND_bytes(buffer.baseAddress, Int32(count)) == 1 else {
            fatalError("OpenSSL's random generator failed; going on would make secrets that can be guessed")
        }
        filled = count
    }
}

/// Whether both hold the same bytes, in a time that depends on the lengths alone.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe left.span.bytes.withUnsafeBytes { left in
        unsafe right.span.bytes.withUnsafeBytes { right in
            guard let first = left.baseAddress, let second = right.baseAddress else { return true }
            return unsafe CRYPTO_memcmp(first, second, left.count) == 0
        }
    }
}

/// Whether both texts have the same UTF-8, in a time that depends on the lengths alone.
package func constantTimeEquals(_ left: String, _ right: String) -> Bool {
    constantTimeEquals(Array(left.utf8), Array(right.utf8))
}
