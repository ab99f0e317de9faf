import COpenSSL
import Glibc

/// An `X509 *`, which never changes after it was read.
@safe final class Certificate: @unchecked Sendable {
    // `@unchecked`: read only; OpenSSL locks what it computes late.

    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe X509_free(pointer) }

    /// SHA-256 of the DER form, 32 bytes.
    var fingerprint: [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        unsafe X509_digest(pointer, EVP_sha256(), &digest, &count)
        return digest
    }

    /// Days until it ends, negative when it has; `nil` when the date cannot be read.
    var daysLeft: Int? { timeLeft.map { $0.seconds < 0 && $0.days == 0 ? -1 : $0.days } }

    /// Seconds until it ends, negative when it has; `nil` when the date cannot be read.
    var secondsLeft: Int? { timeLeft.map { $0.days * 86_400 + $0.seconds } }

    private var timeLeft: (days: Int, seconds: Int)? {
        var days: Int32 = 0
        var seconds: Int32 = 0
        // A missing time is the present one.
        guard unsafe ASN1_TIME_diff(&days, &seconds, nil, X509_get0_notAfter(pointer)) == 1 else {
            return nil
        }
        return (Int(days), Int(seconds))
    }

    /// Whether its time is yet to come.
    var isEarly: Bool { unsafe X509_cmp_current_time(X509_get0_notBefore(pointer)) > 0 }

    /// Whether it speaks for a host, a name or a numeric address without brackets.
    func covers(_ host: String) -> Bool {
        var address = in6_addr()
        let isAddress =
            unsafe inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1
        if isAddress { return unsafe X509_check_ip_asc(pointer, host, 0) == 1 }
        return unsafe X509_check_host(pointer, host, host.utf8.count, 0, nil) == 1
    }

    /// The DNS names and URIs among its alternative names.
    var alternativeNames: [PeerCertificate.Name] {
        guard let list = unsafe X509_get_ext_d2i(pointer, NID_subject_alt_name, nil, nil) else { return [] }
        let names = OpaquePointer(list)
        defer { unsafe GENERAL_NAMES_free(names) }
        var found: [PeerCertificate.Name] = []
        for index in 0..<max(0, unsafe OPENSSL_sk_num(names)) {
            guard
                let entry = unsafe OPENSSL_sk_value(names, index)?.assumingMemoryBound(to: GENERAL_NAME.self)
            else { continue }
            switch unsafe entry.pointee.type {
            case GEN_DNS: if let text = unsafe Self.text(entry.pointee.d.dNSName) { found.append(.dns(text)) }
            case GEN_URI:
                if let text = unsafe Self.text(entry.pointee.d.uniformResourceIdentifier) {
                    found.append(.uri(text))
                }
            default: break
            }
        }
        return found
    }

    /// The text of an IA5String; `nil` for one that holds what no name has, a NUL above all.
    private static func text(_ string: UnsafeMutablePointer<ASN1_STRING>?) -> String? {
        guard let string = unsafe string, let start = unsafe ASN1_STRING_get0_data(string) else { return nil }
        let bytes = unsafe UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(string)))
        guard unsafe bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }
}

/// An `EVP_PKEY *` with a private key.
@safe final class PrivateKey: @unchecked Sendable {
    // `@unchecked`: never changed; OpenSSL uses keys from many threads.

    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

    // OpenSSL wipes what it frees of a private key.
    deinit { unsafe EVP_PKEY_free(pointer) }

    /// Whether the certificate was made for this key.
    func belongs(to certificate: Certificate) -> Bool {
        defer { ERR_clear_error() }
        return unsafe X509_check_private_key(certificate.pointer, pointer) == 1
    }
}
