import COpenSSL

/// The client's side of a TLS connection, over memory: what a peer of ours may say, well-behaved or not.
///
/// Confined to whoever made it.
package final class TestClient {
    /// What the client offers.
    package struct Offer: Sendable {
        /// In PEM: whom it believes.
        package var authority: String?
        /// What it shows when asked.
        package var identity: TestAuthority.Identity?
        /// The lowest and highest version, as TLS counts: 0x0303 is 1.2.
        package var versions: ClosedRange<Int> = 0x0301...0x0304
        package var protocols: [String] = ["http/1.1"]
        /// OpenSSL's list for TLS 1.2.
        package var ciphers = "ALL:@SECLEVEL=0"
        /// A session to take up again, as `session` gave it.
        package var session: [UInt8]?

        /// Everything that OpenSSL can do.
        package init() {}
    }

    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer

    /// What OpenSSL said when it gave up; `nil` while all is well.
    package private(set) var failure: String?
    package private(set) var isOpen = false
    /// The peer has said that it sends no more.
    package private(set) var peerEnded = false

    /// A client that has said nothing yet.
    package init(_ offer: Offer = Offer()) {
        guard let context = SSL_CTX_new(TLS_client_method()), let incoming = BIO_new(BIO_s_mem()),
            let outgoing = BIO_new(BIO_s_mem())
        else { fatalError("there is no memory for a client") }
        self.context = context
        self.incoming = incoming
        self.outgoing = outgoing
        SSL_CTX_set_cipher_list(context, offer.ciphers)
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, offer.versions.lowerBound, nil)
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, offer.versions.upperBound, nil)
        if let pem = offer.authority {
            X509_STORE_add_cert(SSL_CTX_get_cert_store(context), Self.certificate(pem))
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        }
        if let identity = offer.identity {
            SSL_CTX_use_certificate(context, Self.certificate(identity.certificate))
            SSL_CTX_use_PrivateKey(context, Self.key(identity.key))
        }
        guard let ssl = SSL_new(context) else { fatalError("there is no memory for a client") }
        self.ssl = ssl
        SSL_set_bio(ssl, incoming, outgoing)
        for bio in [incoming, outgoing] { _ = BIO_ctrl(bio, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nil) }
        let protocols = offer.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        SSL_set_alpn_protos(ssl, protocols, UInt32(protocols.count))
        if let bytes = offer.session {
            bytes.withUnsafeBufferPointer { buffer in
                var start = buffer.baseAddress
                let session = d2i_SSL_SESSION(nil, &start, buffer.count)
                SSL_set_session(ssl, session)
                SSL_SESSION_free(session)
            }
        }
        SSL_set_connect_state(ssl)
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    // MARK: The wire

    /// What has to be sent.
    package func output() -> [UInt8] {
        if !isOpen, failure == nil { shakeHands() }
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl(outgoing, BIO_CTRL_PENDING, 0, nil))
        let count = BIO_read(outgoing, &bytes, Int32(bytes.count))
        return Array(bytes.prefix(Int(max(count, 0))))
    }

    /// Takes what has come, and returns the plaintext in it.
    package func receive(_ bytes: [UInt8]) -> [UInt8] {
        BIO_write(incoming, bytes, Int32(bytes.count))
        if !isOpen { shakeHands() }
        guard isOpen, failure == nil else { return [] }
        var plaintext: [UInt8] = []
        var record = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            ERR_clear_error()
            let count = SSL_read(ssl, &record, Int32(record.count))
            if count > 0 {
                plaintext += record[..<Int(count)]
                continue
            }
            switch SSL_get_error(ssl, count) {
            case SSL_ERROR_WANT_READ: break
            case SSL_ERROR_ZERO_RETURN: peerEnded = true
            default: fail()
            }
            return plaintext
        }
    }

    private func shakeHands() {
        ERR_clear_error()
        let code = SSL_do_handshake(ssl)
        if code == 1 {
            isOpen = true
        } else if SSL_get_error(ssl, code) != SSL_ERROR_WANT_READ {
            fail()
        }
    }

    private func fail() {
        failure = ERR_reason_error_string(ERR_peek_error()).map { String(cString: $0) } ?? "broke off"
        ERR_clear_error()
    }

    // MARK: What it says

    /// Seals plaintext into the output.
    package func say(_ plaintext: [UInt8]) {
        var rest = plaintext[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(16 << 10))
            guard SSL_write(ssl, part, Int32(part.count)) == Int32(part.count) else { return fail() }
            rest = rest.dropFirst(part.count)
        }
    }

    /// Says that it sends no more.
    package func end() { SSL_shutdown(ssl) }

    /// Asks for another handshake in TLS 1.2.
    package func renegotiate() {
        ERR_clear_error()
        SSL_renegotiate(ssl)
        _ = SSL_do_handshake(ssl)
        ERR_clear_error()
    }

    /// Asks the peer for new keys in TLS 1.3.
    package func updateKeys() {
        SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED)
        _ = SSL_do_handshake(ssl)
    }

    // MARK: What was agreed on

    /// `TLSv1.3`, say.
    package var version: String { String(cString: SSL_get_version(ssl)) }

    /// The suite, as OpenSSL names it.
    package var cipher: String { String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))) }

    /// The protocol, empty for none.
    package var agreedProtocol: String {
        var start: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &start, &count)
        return String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
    }

    /// Whether the handshake took up an earlier session.
    package var isResumed: Bool { SSL_session_reused(ssl) == 1 }

    /// What another client can take up again; `nil` where the peer gave nothing.
    package var session: [UInt8]? {
        guard let session = SSL_get_session(ssl), SSL_SESSION_is_resumable(session) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(i2d_SSL_SESSION(session, nil)))
        bytes.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            i2d_SSL_SESSION(session, &start)
        }
        return bytes
    }

    /// SHA-256 of what the peer has shown, in lower-case hexadecimal digits.
    package var peerFingerprint: String? {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        var digest = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        X509_digest(certificate, EVP_sha256(), &digest, &count)
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // MARK: PEM; what is read lives as long as the process

    private static func certificate(_ pem: String) -> OpaquePointer? {
        source(pem) { PEM_read_bio_X509($0, nil, nil, nil) }
    }

    private static func key(_ pem: String) -> OpaquePointer? {
        source(pem) { PEM_read_bio_PrivateKey($0, nil, nil, nil) }
    }

    private static func source(_ pem: String, _ read: (OpaquePointer?) -> OpaquePointer?) -> OpaquePointer? {
        let bytes = Array(pem.utf8)
        let bio = BIO_new_mem_buf(bytes, Int32(bytes.count))
        defer { BIO_free(bio) }
        return withExtendedLifetime(bytes) { read(bio) }
    }
}
