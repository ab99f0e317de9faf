/// What looks into the certificate files that a configuration names.
///
/// The configuration knows where a path stands in the file; only the program knows what is at its end.
package struct CertificateInspection: Sendable {
    /// What is wrong with the files of a listener, and under which key of `server.tls`.
    package var listener: @Sendable (ServerConfiguration.TLS) -> (key: String, complaint: Malformed)?
    /// What is wrong with a file of authorities.
    package var authorities: @Sendable (_ path: String) -> Malformed?

    /// Looks with these.
    package init(
        listener: @escaping @Sendable (ServerConfiguration.TLS) -> (key: String, complaint: Malformed)?,
        authorities: @escaping @Sendable (_ path: String) -> Malformed?
    ) {
        self.listener = listener
        self.authorities = authorities
    }

    /// Looks at nothing: for whoever has no use for the files.
    package static let none = CertificateInspection(listener: { _ in nil }, authorities: { _ in nil })
}
