/// The files that a listener proves itself with, all in PEM, and what it asks of its clients.
package struct TLSFiles: Sendable, Equatable {
    /// Its certificate, followed by those that lead to a root which clients know.
    package var certificate: String
    /// The key of the first certificate, without a passphrase.
    package var privateKey: String
    /// Whose certificates clients may show.
    package var clientAuthorities: String?
    /// Whether clients are asked for a certificate.
    package var clientCertificates: ClientCertificates

    /// Paths, as they are opened.
    package init(
        certificate: String,
        privateKey: String,
        clientAuthorities: String? = nil,
        clientCertificates: ClientCertificates = .none
    ) {
        self.certificate = certificate
        self.privateKey = privateKey
        self.clientAuthorities = clientAuthorities
        self.clientCertificates = clientCertificates
    }

    /// Whether clients are asked for a certificate; one that does not hold ends the handshake in any case.
    package enum ClientCertificates: Sendable, Equatable {
        case none
        /// It may be left out.
        case request
        /// Without one there is no connection.
        case require
    }

    /// One of the files.
    package enum Part: Sendable, Equatable {
        case certificate, privateKey, clientAuthorities
    }
}

/// Why a file cannot be used.
package struct TLSFileError: Error, Sendable, Equatable, CustomStringConvertible {
    package let part: TLSFiles.Part
    package let path: String
    /// What is wrong, as the rest of a sentence that begins with the path.
    package let complaint: String
    /// What to do about it, as a command.
    package let remedy: String

    package var description: String { "\(path) \(complaint); \(remedy)" }
}

/// What should be looked at, though the files can be used.
package struct TLSFileWarning: Sendable, Equatable, CustomStringConvertible {
    package let part: TLSFiles.Part
    package let path: String
    /// What it is, as the rest of a sentence that begins with the path.
    package let complaint: String
    /// What to do about it, as a command.
    package let remedy: String

    package var description: String { "\(path) \(complaint); \(remedy)" }
}
