import COpenSSL

/// AES-256-GCM (NIST SP 800-38D): hides bytes, and proves on opening that they and what goes with them are unchanged.
///
/// A nonce must never seal two things under one key; random ones are good for some four thousand million seals.
package struct AuthenticatedCipher: Sendable {
    /// The length of a key.
    package static let keyCount = 32
    /// The length of a nonce.
    package static let nonceCount = 12
    /// How much longer the sealed bytes are: the tag stands at their end.
    package static let tagCount = 16

    private let key: LockedBytes

    /// A cipher with a key of 32 bytes; `nil` for any other length.
    package init?(key: LockedBytes) {
        guard key.count == Self.keyCount else { return nil }
        self.key = key
    }

    /// The ciphertext and its tag.
    ///
    /// `associated` is not in there, but opening wants the same again.
    package func seal(_ plain: LockedBytes, nonce: [UInt8], associated: [UInt8]) -> [UInt8] {
        let context = Context(key, nonce: nonce, isSealing: true)
        context.associate(associated)
        let count = plain.count
        return unsafe [UInt8](unsafeUninitializedCapacity: count + Self.tagCount) { output, filled in
            let start = UnsafeMutableRawBufferPointer(output).baseAddress
            let isSealed = plain.withBytes { plain in
                unsafe plain.withUnsafeBytes { unsafe context.update($0, to: start) }
            }
            guard isSealed, context.finish(), let start = unsafe start,
                unsafe context.readTag(to: start + count)
            else {
                fatalError("OpenSSL's AES-256-GCM failed to seal, which it does for want of memory only")
            }
            filled = count + Self.tagCount
        }
    }

    /// What was sealed; `nil` unless key, nonce, associated bytes and every sealed bit are as they were.
    package func open(_ sealed: [UInt8], nonce: [UInt8], associated: [UInt8]) -> LockedBytes? {
        guard sealed.count >= Self.tagCount, nonce.count == Self.nonceCount else { return nil }
        let count = sealed.count - Self.tagCount
        let context = Context(key, nonce: nonce, isSealing: false)
        context.associate(associated)
        var isGenuine = false
        let plain = LockedBytes(count: count) { output in
            unsafe sealed.span.bytes.withUnsafeBytes { input in
                unsafe output.withUnsafeMutableBytes { output in
                    let body = unsafe UnsafeRawBufferPointer(rebasing: input[..<count])
                    let tag = unsafe UnsafeRawBufferPointer(rebasing: input[count...])
                    isGenuine =
                        unsafe context.update(body, to: output.baseAddress) && context.expectTag(tag)
                        && context.finish()
                }
            }
        }
        // What does not prove itself goes no further: it is wiped here.
        return isGenuine ? plain : nil
    }
}

/// An `EVP_CIPHER_CTX` with its key and nonce, freed with this value.
@safe private struct Context: ~Copyable {
    private let context: OpaquePointer

    init(_ key: LockedBytes, nonce: [UInt8], isSealing: Bool) {
        precondition(nonce.count == AuthenticatedCipher.nonceCount, "a nonce of GCM has twelve bytes here")
        let context = unsafe EVP_CIPHER_CTX_new()
        let isReady = key.withBytes { key in
            unsafe key.withUnsafeBytes { key in
                // The default length of the nonce is the twelve bytes that it has.
                unsafe EVP_CipherInit_ex(
                    context,
                    EVP_aes_256_gcm(),
                    nil,
                    key.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    nonce,
                    isSealing ? 1 : 0
                ) == 1
            }
        }
        guard isReady, let context = unsafe context else {
            fatalError("OpenSSL has no AES-256-GCM or no memory, and nothing here can go on without them")
        }
        unsafe self.context = context
    }

    // "Clears all information from a cipher context and frees any allocated memory": the key's schedule is wiped.
    deinit { unsafe EVP_CIPHER_CTX_free(context) }

    func associate(_ bytes: [UInt8]) {
        var count: Int32 = 0
        // "To specify any AAD the output parameter out should be set to NULL."
        if bytes.isEmpty { return }
        guard unsafe EVP_CipherUpdate(context, nil, &count, bytes, Int32(bytes.count)) == 1 else {
            fatalError("OpenSSL took no associated bytes; what is sealed without them would prove nothing")
        }
    }

    func update(_ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawPointer?) -> Bool {
        guard unsafe !input.isEmpty else { return true }
        var count: Int32 = 0
        let isDone = unsafe EVP_CipherUpdate(
            context,
            output?.assumingMemoryBound(to: UInt8.self),
            &count,
            input.baseAddress?.assumingMemoryBound(to: UInt8.self),
            Int32(input.count)
        )
        return isDone == 1 && Int(count) == input.count
    }

    /// On opening: whether the tag is right.
    func finish() -> Bool {
        // GCM holds nothing back, but the call wants an address.
        var count: Int32 = 0
        var nothing = [UInt8](repeating: 0, count: Int(EVP_MAX_BLOCK_LENGTH))
        return unsafe EVP_CipherFinal_ex(context, &nothing, &count) == 1
    }

    func readTag(to output: UnsafeMutableRawPointer) -> Bool {
        unsafe EVP_CIPHER_CTX_ctrl(
            context,
            EVP_CTRL_AEAD_GET_TAG,
            Int32(AuthenticatedCipher.tagCount),
            output
        ) == 1
    }

    func expectTag(_ tag: UnsafeRawBufferPointer) -> Bool {
        // The call only reads; its signature serves both directions.
        let bytes = unsafe UnsafeMutableRawPointer(mutating: tag.baseAddress)
        return unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), bytes) == 1
    }
}
