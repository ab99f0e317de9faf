import COpenSSL

/// An `SSL_CTX *` for servers: what all handshakes share, never changed after it was made.
///
/// TLS 1.2 and 1.3 only, with ephemeral keys and authenticated encryption only; no compression, no renegotiation, no early
/// data; `http/1.1` is the one protocol that is agreed on. The keys of session tickets are random, never leave memory and
/// live as long as the context.
@safe final class TLSContext: @unchecked Sendable {
    // `@unchecked`: "An SSL_CTX may be used on multiple threads provided it is not reconfigured."

    let pointer: OpaquePointer
    private let material: TLSMaterial

    /// A context with keys for tickets of its own.
    init(_ material: TLSMaterial) throws(TLSFileError) {
        ERR_clear_error()
        guard let pointer = unsafe SSL_CTX_new(TLS_server_method()) else {
            fatalError("OpenSSL cannot make a context: it has no memory, or its own configuration is broken")
        }
        unsafe self.pointer = pointer
        self.material = material
        setProtocol()
        setTickets()
        try present(material)
        if material.files.clientCertificates != .none { ask(for: material.authorities) }
    }

    deinit { unsafe SSL_CTX_free(pointer) }

    /// The same with new keys for tickets: what was sealed with the old ones opens no more.
    func renewed() throws(TLSFileError) -> TLSContext { try TLSContext(material) }

    /// Whether the certificate speaks for a host, a name or a numeric address without brackets.
    func covers(_ host: String) -> Bool { material.chain[0].covers(host) }

    // MARK: Settings

    private func setProtocol() {
        set(SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION))
        unsafe SSL_CTX_set_options(pointer, soundgate_ssl_server_options())
        set(SSL_CTRL_MODE, soundgate_ssl_modes())
        // Of TLS 1.3 every suite is good. Of 1.2 those with forward secrecy and authenticated encryption.
        check(unsafe SSL_CTX_set_cipher_list(pointer, "ECDHE+AESGCM:ECDHE+CHACHA20"), "the ciphers")
        let groups = unsafe SSL_CTX_ctrl(
            pointer,
            SSL_CTRL_SET_GROUPS_LIST,
            0,
            UnsafeMutableRawPointer(mutating: ("X25519:P-256:P-384" as StaticString).utf8Start)
        )
        check(Int32(groups), "the groups")
        unsafe SSL_CTX_set_alpn_select_cb(
            pointer,
            { _, chosen, length, offered, count, _ in
                unsafe TLSContext.selectProtocol(chosen, length, offered, count)
            },
            nil
        )
    }

    /// Tickets only: nothing is kept of a session here, and so nothing grows.
    private func setTickets() {
        set(SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF))
        // A client that comes back needs one; two are for those that race connections.
        check(unsafe SSL_CTX_set_num_tickets(pointer, 1) == 1 ? 1 : 0, "the number of tickets")
        unsafe SSL_CTX_set_timeout(pointer, 3600)
        // "If … peer verification is requested, the session id context must be set", or resumption fails.
        check(unsafe SSL_CTX_set_session_id_context(pointer, "soundgate", 9), "the session context")
    }

    private func present(_ material: TLSMaterial) throws(TLSFileError) {
        guard unsafe SSL_CTX_use_certificate(pointer, material.chain[0].pointer) == 1 else {
            throw material.refused(.certificate, OpenSSLError.text(ERR_peek_last_error()))
        }
        guard unsafe SSL_CTX_use_PrivateKey(pointer, material.key.pointer) == 1 else {
            throw material.refused(.privateKey, OpenSSLError.text(ERR_peek_last_error()))
        }
        for certificate in material.chain.dropFirst() {
            // The 1 takes a reference of its own.
            let added = unsafe SSL_CTX_ctrl(
                pointer,
                SSL_CTRL_CHAIN_CERT,
                1,
                UnsafeMutableRawPointer(certificate.pointer)
            )
            guard added == 1 else {
                throw material.refused(.certificate, OpenSSLError.text(ERR_peek_last_error()))
            }
        }
    }

    private func ask(for authorities: [Certificate]) {
        let store = unsafe SSL_CTX_get_cert_store(pointer)
        for authority in authorities {
            // Both take what they need of it; one that stands there twice is no error.
            unsafe X509_STORE_add_cert(store, authority.pointer)
            unsafe SSL_CTX_add_client_CA(pointer, authority.pointer)
        }
        // An operator who names an intermediate means it: that a root stands above it changes nothing.
        unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        unsafe SSL_CTX_set_verify_depth(pointer, 8)
        set(SSL_CTRL_SET_MAX_CERT_LIST, 64 << 10)
        let isRequired = material.files.clientCertificates == .require
        let mode = SSL_VERIFY_PEER | (isRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0)
        unsafe SSL_CTX_set_verify(pointer, mode, nil)
    }

    /// RFC 7301: the first of ours that the client offers; a client that offers others only is refused.
    private static func selectProtocol(
        _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
        _ length: UnsafeMutablePointer<UInt8>?,
        _ offered: UnsafePointer<UInt8>?,
        _ count: UInt32
    ) -> Int32 {
        let wanted: [UInt8] = Array("http/1.1".utf8)
        guard let offered = unsafe offered else { return SSL_TLSEXT_ERR_NOACK }
        let list = unsafe UnsafeBufferPointer(start: offered, count: Int(count))
        var index = 0
        while index < list.count {
            let size = unsafe Int(list[index])
            let name = index + 1..<min(index + 1 + size, list.count)
            if unsafe list[name].elementsEqual(wanted) {
                // Into the client's own list, which lives as long as the handshake needs it.
                unsafe chosen?.pointee = offered.advanced(by: name.lowerBound)
                unsafe length?.pointee = UInt8(name.count)
                return SSL_TLSEXT_ERR_OK
            }
            index = name.upperBound
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }

    private func set(_ command: Int32, _ value: Int) { unsafe SSL_CTX_ctrl(pointer, command, value, nil) }

    /// These fail only where this OpenSSL lacks what every OpenSSL 3 has.
    private func check(_ result: Int32, _ what: StaticString) {
        guard result == 1 else {
            fatalError("this OpenSSL does not take \(what), and nothing can be served without")
        }
    }
}
