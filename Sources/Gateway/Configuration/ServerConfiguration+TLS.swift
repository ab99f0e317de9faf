extension ServerConfiguration {
    /// What the TCP addresses prove themselves with, and what they ask of clients; all files are PEM.
    package struct TLS: Sendable, Equatable {
        /// The listener's certificate, and those that lead to a root which clients know.
        package var certificate: String
        /// The certificate's key.
        package var privateKey: String
        /// Whose certificates clients may show.
        package var clientCA: String?
        /// Whether clients are asked for a certificate.
        package var clientCertificates = ClientCertificates.none
        /// A plain address that only tells where HTTPS is.
        package var redirect: ListenAddress?

        /// A listener that asks nothing of its clients.
        package init(certificate: String, privateKey: String) {
            self.certificate = certificate
            self.privateKey = privateKey
        }
    }

    /// Whether clients are asked for a certificate; one that does not hold is refused in any case.
    package enum ClientCertificates: String, Sendable, CaseIterable {
        case none
        /// It may be left out.
        case request
        /// Without one there is no connection.
        case require
    }

    /// Whether clients may be told apart by their certificates.
    package var seesClientCertificates: Bool { (tls?.clientCertificates ?? .none) != .none }
}
