import COpenSSL

/// Bytes that nobody can guess, from OpenSSL's generator, which the kernel seeds.
///
/// Traps when the generator fails: a program without entropy must not hand out keys and ids.
package func randomBytes(_ count: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        unsafe fillWithRandomBytes(UnsafeMutableRawBufferPointer(buffer))
        filled = count
    }
}

/// Fills memory as ``randomBytes(_:)`` does.
func fillWithRandomBytes(_ buffer: UnsafeMutableRawBufferPointer) {
    guard unsafe !buffer.isEmpty else { return }
    let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    guard unsafe RAND_bytes(start, Int32(buffer.count)) == 1 else {
        fatalError("OpenSSL's random generator failed; going on would make secrets that can be guessed")
    }
}

/// Whether both hold the same bytes, in a time that depends on the lengths alone.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    unsafe constantTimeEquals(left.span.bytes, right.span.bytes)
}

/// Whether both hold the same bytes, in a time that depends on the lengths alone.
package func constantTimeEquals(_ left: RawSpan, _ right: RawSpan) -> Bool {
    guard left.byteCount == right.byteCount else { return false }
    return unsafe left.withUnsafeBytes { left in
        unsafe right.withUnsafeBytes { right in
            guard let first = left.baseAddress, let second = right.baseAddress else { return true }
            return unsafe CRYPTO_memcmp(first, second, left.count) == 0
        }
    }
}

/// Whether both texts have the same UTF-8, in a time that depends on the lengths alone.
package func constantTimeEquals(_ left: String, _ right: String) -> Bool {
    constantTimeEquals(Array(left.utf8), Array(right.utf8))
}
