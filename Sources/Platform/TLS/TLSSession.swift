import COpenSSL

/// One connection's TLS, the server's side, without a socket: bytes from the wire in and plaintext out, and the other way.
///
/// Nothing here waits. Whatever it has to say to the peer, its part of the handshake included, gathers in `pending` until
/// `drain` hands it to the socket. Confined to the thread of its connection. Each call may leave more to drain, a failing
/// one too: the alert that tells the peer why.
@safe package final class TLSSession {
    /// How far a session has come.
    package enum Phase: Sendable, Equatable {
        case handshaking
        case open
        /// The peer has said that it sends no more; it may still read.
        case peerEnded
        case failed
    }

    package private(set) var phase = Phase.handshaking
    /// What the peer has shown and what holds; `nil` before the handshake is over, or without one.
    package private(set) var peerCertificate: PeerCertificate?

    private let ssl: OpaquePointer
    /// What is read from between two calls: nothing, and that is not the end.
    private let nothing: OpaquePointer
    private var wire: OpaquePointer
    /// How many of the wire's bytes the socket has taken.
    private var taken = 0
    private var saidEnd = false

    init(_ context: TLSContext) {
        guard let ssl = unsafe SSL_new(context.pointer), let nothing = unsafe BIO_new(BIO_s_mem()),
            let wire = unsafe BIO_new(BIO_s_mem())
        else { fatalError("there is no memory for a connection, as for any other allocation that fails") }
        unsafe self.ssl = ssl
        unsafe self.nothing = nothing
        unsafe self.wire = wire
        // "SSL_set_bio … takes ownership of one reference" of each; `nothing` is put back again and again.
        unsafe BIO_up_ref(nothing)
        unsafe SSL_set_bio(ssl, nothing, wire)
        unsafe SSL_set_accept_state(ssl)
    }

    deinit {
        unsafe SSL_free(ssl)
        unsafe BIO_free(nothing)
    }

    /// What was agreed on, for a log: `TLSv1.3`.
    package var version: String { unsafe String(cString: SSL_get_version(ssl)) }

    /// Bytes of memory that it takes, near enough: OpenSSL's own, much more of it in a handshake, and what is pending.
    package var held: Int { (phase == .handshaking ? 48 << 10 : 12 << 10) + pending }

    // MARK: In

    /// Takes bytes from the wire, and hands on what they hold, a record at a time, until `take` says that it is enough.
    ///
    /// Every byte is taken, those of a record that is not complete too.
    ///
    /// - Throws: why the session is over; what was handed on before stays good.
    package func receive(_ bytes: RawSpan, _ take: (RawSpan) -> Bool) throws(TLSFailure) {
        guard phase == .handshaking || phase == .open, bytes.byteCount > 0 else { return }
        let result = unsafe bytes.withUnsafeBytes { unsafe read($0, take) }
        if let failure = result { throw failure }
    }

    private func read(_ bytes: UnsafeRawBufferPointer, _ take: (RawSpan) -> Bool) -> TLSFailure? {
        // Lent, not copied: OpenSSL keeps an incomplete record itself, so all is read when it asks for more.
        guard let source = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else {
            return fail("there is no memory")
        }
        // "a value of -1 … will set it to a retry": more may come.
        _ = unsafe BIO_ctrl(source, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nil)
        unsafe SSL_set0_rbio(ssl, source)
        defer {
            unsafe BIO_up_ref(nothing)
            unsafe SSL_set0_rbio(ssl, nothing)
        }
        if phase == .handshaking {
            if let failure = shakeHands() { return failure }
            guard phase == .open else { return nil }
        }
        return unsafe withUnsafeTemporaryAllocation(byteCount: Self.recordBytes, alignment: 16) { plaintext in
            unsafe readRecords(into: plaintext, take)
        }
    }

    private func shakeHands() -> TLSFailure? {
        ERR_clear_error()
        let code = unsafe SSL_do_handshake(ssl)
        if code == 1 {
            phase = .open
            peerCertificate = verifiedCertificate()
            return nil
        }
        return unsafe SSL_get_error(ssl, code) == SSL_ERROR_WANT_READ ? nil : fail()
    }

    private func readRecords(into plaintext: UnsafeMutableRawBufferPointer, _ take: (RawSpan) -> Bool)
        -> TLSFailure?
    {
        while true {
            ERR_clear_error()
            let count = unsafe SSL_read(ssl, plaintext.baseAddress, Int32(plaintext.count))
            if count > 0 {
                let record = unsafe UnsafeRawBufferPointer(rebasing: plaintext[..<Int(count)])
                guard unsafe take(RawSpan(_unsafeBytes: record)) else { return nil }
                continue
            }
            switch unsafe SSL_get_error(ssl, count) {
            case SSL_ERROR_WANT_READ: return nil
            case SSL_ERROR_ZERO_RETURN:
                phase = .peerEnded
                return nil
            default: return fail()
            }
        }
    }

    private func verifiedCertificate() -> PeerCertificate? {
        guard let pointer = unsafe SSL_get1_peer_certificate(ssl) else { return nil }
        let certificate = unsafe Certificate(owning: pointer)
        // Without a question there is no certificate, and one that does not hold has ended the handshake.
        guard unsafe SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER != 0,
            unsafe SSL_get_verify_result(ssl) == X509_V_OK
        else { return nil }
        return PeerCertificate(fingerprint: certificate.fingerprint, names: certificate.alternativeNames)
    }

    // MARK: Out

    /// The most plaintext that `seal` takes at once: one record.
    package static let recordBytes = 16 << 10

    /// Whether plaintext can be sent: the handshake is over, and we have not said that we send no more.
    package var canSeal: Bool { (phase == .open || phase == .peerEnded) && !saidEnd }

    /// Seals the beginning of some plaintext, at most one record, and returns how much that was.
    package func seal(_ plaintext: RawSpan) throws(TLSFailure) -> Int {
        let count = min(plaintext.byteCount, Self.recordBytes)
        guard canSeal else { throw TLSFailure("nothing can be sent before the handshake or after the end") }
        guard count > 0 else { return 0 }
        ERR_clear_error()
        let written = unsafe plaintext.withUnsafeBytes { unsafe SSL_write(ssl, $0.baseAddress, Int32(count)) }
        // Memory takes everything, and there is no renegotiation to wait for.
        guard written > 0 else { throw fail() }
        return Int(written)
    }

    /// Says that we send no more; no effect where nothing can be said.
    package func end() {
        guard canSeal else { return }
        saidEnd = true
        ERR_clear_error()
        // The peer's own end is not waited for: it comes, or the connection closes.
        unsafe SSL_shutdown(ssl)
    }

    /// Bytes for the wire that the socket has not taken.
    package var pending: Int { Int(clamping: unsafe BIO_ctrl(wire, BIO_CTRL_PENDING, 0, nil)) - taken }

    /// Lends the pending bytes; `send` returns how many it has taken.
    package func drain(_ send: (RawSpan) -> Int) {
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe BIO_ctrl(wire, BIO_CTRL_INFO, 0, &start)
        guard count > taken, let start = unsafe start else { return }
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
        let sent = unsafe send(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bytes[taken...])))
        taken += sent
        guard taken == count else { return }
        let used = taken
        taken = 0
        if used > 4096, let fresh = unsafe BIO_new(BIO_s_mem()) {
            // A connection that rests holds no buffer of a whole record.
            unsafe SSL_set0_wbio(ssl, fresh)
            unsafe wire = fresh
        } else {
            _ = unsafe BIO_ctrl(wire, BIO_CTRL_RESET, 0, nil)
        }
    }

    // MARK: Failure

    private func fail() -> TLSFailure {
        let code = ERR_peek_error()
        let isSSL = OpenSSLError.library(of: code) == ERR_LIB_SSL
        let isHTTP = isSSL && OpenSSLError.reason(of: code) == SSL_R_HTTP_REQUEST
        return fail(code == 0 ? "the peer broke off" : OpenSSLError.text(code), isPlainHTTP: isHTTP)
    }

    private func fail(_ reason: String, isPlainHTTP: Bool = false) -> TLSFailure {
        ERR_clear_error()
        phase = .failed
        return TLSFailure(reason, isPlainHTTP: isPlainHTTP)
    }
}
