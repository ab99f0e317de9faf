import COpenSSL

/// SHA-256 over bytes that arrive in parts.
///
/// The context belongs to this value and is freed with it.
@safe package struct SHA256: ~Copyable {
    private let context: OpaquePointer

    /// Starts with no bytes.
    package init() {
        guard let context = unsafe EVP_MD_CTX_new(),
            unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
        else {
            fatalError("OpenSSL has no SHA-256 or no memory, and nothing here can go on without them")
        }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Adds bytes.
    package mutating func update(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { part in
            // "EVP_DigestUpdate() returns 1 for success": it fails only on a context that is already finished.
            _ = unsafe EVP_DigestUpdate(context, part.baseAddress, part.count)
        }
    }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) { unsafe update(bytes.span.bytes) }

    /// The digest of all bytes added; ends the computation.
    package consuming func finalize() -> Digest {
        unsafe Digest {
            _ = unsafe EVP_DigestFinal_ex(context, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
        }
    }

    /// The digest of bytes that are all there.
    package static func hash(_ bytes: RawSpan) -> Digest {
        unsafe Digest { output in
            unsafe bytes.withUnsafeBytes { input in
                _ = unsafe COpenSSL.SHA256(
                    input.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    input.count,
                    output.baseAddress?.assumingMemoryBound(to: UInt8.self)
                )
            }
        }
    }

    /// The digest of bytes that are all there.
    package static func hash(_ bytes: [UInt8]) -> Digest { unsafe hash(bytes.span.bytes) }

    /// The digest of a text's UTF-8.
    package static func hash(_ text: String) -> Digest { hash(Array(text.utf8)) }
}
