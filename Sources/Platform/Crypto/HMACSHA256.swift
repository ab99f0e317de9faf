import COpenSSL

/// HMAC with SHA-256 (RFC 2104).
package enum HMACSHA256 {
    /// The code that proves these bytes to whoever holds the key.
    package static func authenticate(_ message: [UInt8], key: [UInt8]) -> Digest {
        unsafe authenticate(message, key: key.span.bytes)
    }

    /// The code that proves these bytes to whoever holds the key.
    package static func authenticate(_ message: [UInt8], key: LockedBytes) -> Digest {
        key.withBytes { authenticate(message, key: $0) }
    }

    private static func authenticate(_ message: [UInt8], key: RawSpan) -> Digest {
        unsafe Digest { output in
            unsafe key.withUnsafeBytes { key in
                unsafe message.span.withUnsafeBufferPointer { message in
                    // A null key means "the key of the last call" to HMAC, so an empty one needs an address.
                    var nothing: UInt8 = 0
                    unsafe withUnsafePointer(to: &nothing) { empty in
                        _ = unsafe HMAC(
                            EVP_sha256(),
                            key.baseAddress ?? UnsafeRawPointer(empty),
                            Int32(key.count),
                            message.baseAddress,
                            message.count,
                            output.baseAddress?.assumingMemoryBound(to: UInt8.self),
                            nil
                        )
                    }
                }
            }
        }
    }

    /// Whether the code belongs to the message; takes the same time wherever they differ.
    package static func isValid(_ code: [UInt8], for message: [UInt8], key: [UInt8]) -> Bool {
        constantTimeEquals(code, authenticate(message, key: key).bytes)
    }
}
