import COpenSSL
import Glibc

/// An authority that lives for a test, and signs what the test asks for.
///
/// All keys are of P-256: made in no time.
package final class TestAuthority: @unchecked Sendable {
    // `@unchecked`: never changed after it was made.

    private let key: OpaquePointer
    private let certificate: OpaquePointer
    /// Its certificate in PEM.
    package let pem: String

    /// What a certificate says, beyond who signed it.
    package struct Subject: Sendable {
        package var commonName: String
        /// As in OpenSSL's configuration: `DNS:localhost`, `IP:127.0.0.1`, `URI:spiffe://a/b`.
        package var names: [String]
        /// When it begins and ends, in seconds from now.
        package var begins = -3600
        package var ends = 60 * 86_400

        /// A subject that is valid now.
        package init(_ commonName: String, names: [String] = []) {
            self.commonName = commonName
            self.names = names
        }

        /// A listener on loopback.
        package static let loopback = Subject(
            "localhost",
            names: ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]
        )

        /// The same with other times.
        package func during(_ begins: Int, _ ends: Int) -> Subject {
            var copy = self
            copy.begins = begins
            copy.ends = ends
            return copy
        }
    }

    /// A certificate and its key, both in PEM.
    package struct Identity: Sendable {
        package let certificate: String
        package let key: String
        /// SHA-256 of the certificate's DER form, in lower-case hexadecimal digits.
        package let fingerprint: String
    }

    /// A new authority.
    package init(_ name: String = "Test Authority") {
        let key = Self.newKey()
        self.key = key
        let made = Self.make(
            Subject(name),
            serial: 1,
            key: key,
            issuer: nil,
            issuerKey: key,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
            ]
        )
        certificate = made
        pem = Self.pem { PEM_write_bio_X509($0, made) }
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    /// Makes a key, and a certificate for it.
    package func identity(_ subject: Subject) -> Identity {
        let key = Self.newKey()
        defer { EVP_PKEY_free(key) }
        var extensions: [(Int32, String)] = [
            (NID_basic_constraints, "CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
            (NID_ext_key_usage, "serverAuth,clientAuth"),
            (NID_crl_distribution_points, "URI:http://127.0.0.1/test.crl"),
        ]
        if !subject.names.isEmpty {
            extensions.append((NID_subject_alt_name, subject.names.joined(separator: ",")))
        }
        let made = Self.make(
            subject,
            serial: Int.random(in: 2...1 << 40),
            key: key,
            issuer: certificate,
            issuerKey: self.key,
            extensions: extensions
        )
        defer { X509_free(made) }
        var digest = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        X509_digest(made, EVP_sha256(), &digest, &count)
        let hex = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return Identity(
            certificate: Self.pem { PEM_write_bio_X509($0, made) },
            key: Self.pem { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) },
            fingerprint: hex
        )
    }

    // MARK: OpenSSL

    private static func newKey() -> OpaquePointer {
        let context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1,
            EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1,
            EVP_PKEY_keygen(context, &key) == 1, let key
        else { fatalError("OpenSSL makes no key of P-256") }
        return key
    }

    private static func make(
        _ subject: Subject,
        serial: Int,
        key: OpaquePointer,
        issuer: OpaquePointer?,
        issuerKey: OpaquePointer,
        extensions: [(Int32, String)]
    ) -> OpaquePointer {
        guard let made = X509_new() else { fatalError("there is no memory for a certificate") }
        X509_set_version(made, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(made), serial)
        X509_gmtime_adj(X509_getm_notBefore(made), subject.begins)
        X509_gmtime_adj(X509_getm_notAfter(made), subject.ends)
        X509_set_pubkey(made, key)
        X509_NAME_add_entry_by_txt(
            X509_get_subject_name(made),
            "CN",
            0x1001,  // MBSTRING_ASC, a macro that Swift does not import
            subject.commonName,
            -1,
            -1,
            0
        )
        X509_set_issuer_name(made, X509_get_subject_name(issuer ?? made))
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer ?? made, made, nil, nil, 0)
        for (kind, value) in extensions {
            guard let one = X509V3_EXT_conf_nid(nil, &context, kind, value) else {
                fatalError("OpenSSL does not take the extension \(value)")
            }
            X509_add_ext(made, one, -1)
            X509_EXTENSION_free(one)
        }
        guard X509_sign(made, issuerKey, EVP_sha256()) > 0 else { fatalError("OpenSSL does not sign") }
        return made
    }

    private static func pem(_ write: (OpaquePointer?) -> Int32) -> String {
        let sink = BIO_new(BIO_s_mem())
        defer { BIO_free(sink) }
        guard write(sink) == 1 else { fatalError("OpenSSL does not write PEM") }
        var start: UnsafeMutablePointer<CChar>?
        let count = BIO_ctrl(sink, BIO_CTRL_INFO, 0, &start)
        return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }
}
