import COpenSSL

/// What the files of a listener hold, read and found to fit together.
struct TLSMaterial: Sendable {
    let files: TLSFiles
    /// The listener's own first; never empty.
    let chain: [Certificate]
    let key: PrivateKey
    let authorities: [Certificate]
    let warnings: [TLSFileWarning]

    /// Reads the files, and checks all that can be checked without a client.
    init(_ files: TLSFiles) throws(TLSFileError) {
        self.files = files
        let certificateFile = try PEMFile(files.certificate, as: .certificate)
        let keyFile = try PEMFile(files.privateKey, as: .privateKey)
        let chain = try certificateFile.certificates()
        let key = try keyFile.privateKey()
        guard key.belongs(to: chain[0]) else {
            let isLater = chain.dropFirst().contains { key.belongs(to: $0) }
            throw isLater
                ? certificateFile.error(
                    "does not begin with the certificate of the key",
                    remedy: "put the listener's own certificate first, and those above it after it"
                )
                : keyFile.error(
                    "does not belong to the certificate in \(files.certificate)",
                    remedy: "name the key that the certificate was made for"
                )
        }
        var warnings = Self.warnings(of: chain[0], files.certificate)
        if keyFile.mode & 0o077 != 0 {
            let mode = String(keyFile.mode & 0o777, radix: 8)
            warnings.append(
                TLSFileWarning(
                    part: .privateKey,
                    path: files.privateKey,
                    complaint: "has mode \(mode): others than its owner may read the private key",
                    remedy: "chmod 600 it"
                )
            )
        }
        var authorities: [Certificate] = []
        if let path = files.clientAuthorities {
            authorities = try PEMFile(path, as: .clientAuthorities).certificates()
            for authority in authorities where (authority.daysLeft ?? 0) < 0 {
                warnings.append(
                    TLSFileWarning(
                        part: .clientAuthorities,
                        path: path,
                        complaint: "holds an authority whose time is over",
                        remedy: "have it renewed, or remove it"
                    )
                )
            }
        }
        self.chain = chain
        self.key = key
        self.authorities = authorities
        self.warnings = warnings
        // All else that OpenSSL may not like, a key that is too short for one, shows here and not in the first handshake.
        _ = try TLSContext(self)
    }

    /// What OpenSSL says of a file that could be read.
    func refused(_ part: TLSFiles.Part, _ reason: String) -> TLSFileError {
        let path = part == .privateKey ? files.privateKey : files.certificate
        return TLSFileError(
            part: part,
            path: path,
            complaint: "is refused by OpenSSL: \(reason)",
            remedy: "have a certificate made with an EC key, or an RSA key of at least 2048 bits, and SHA-256"
        )
    }

    private static func warnings(of certificate: Certificate, _ path: String) -> [TLSFileWarning] {
        let warning = { (complaint: String, remedy: String) in
            [TLSFileWarning(part: .certificate, path: path, complaint: complaint, remedy: remedy)]
        }
        if certificate.isEarly {
            return warning("holds a certificate whose time is yet to come", "check the clock")
        }
        switch certificate.daysLeft {
        case nil: return warning("holds a certificate whose end cannot be read", "have it made anew")
        case let days? where days < 0:
            return warning(
                "holds a certificate whose time is over: clients will refuse it",
                "have it renewed"
            )
        case let days? where days < 7:
            return warning("holds a certificate that ends within \(days + 1) days", "have it renewed")
        default: return []
        }
    }
}
