import JSON
import YAML

extension ServerConfiguration.TLS {
    /// The keys of `server.tls`.
    static var section: Section<Self> {
        Section(
            "What the TCP addresses prove themselves with; without it they speak plain HTTP.",
            Self(certificate: "", privateKey: ""),
            [
                Field(
                    "certificate",
                    \.certificate,
                    .inputFile,
                    "The certificate in PEM, and those between it and its root; a relative path starts at this file's folder",
                    required: true
                ),
                Field(
                    "private_key",
                    \.privateKey,
                    .inputFile,
                    "The certificate's key in PEM, without a passphrase; a relative path starts at this file's folder",
                    required: true
                ),
                Field(
                    "client_ca",
                    \.clientCA,
                    .inputFile,
                    "Whose certificates clients may show, in PEM; a relative path starts at this file's folder"
                ),
                Field(
                    "client_certificates",
                    \.clientCertificates,
                    .choice(what: "a way to treat clients without a certificate"),
                    "Whether clients are asked for a certificate (request), or served only with one (require)"
                ),
                Field(
                    "redirect",
                    \.redirect,
                    .listenAddress,
                    "A plain ADDRESS:PORT that answers each request with a redirect to HTTPS"
                ),
            ]
        )
    }
}

extension Shape<ServerConfiguration.TLS> {
    /// The section, and what its files hold.
    static var inspectedTLS: Shape {
        section(ServerConfiguration.TLS.section).checked { tls, path, reader in
            let asks = tls.clientCertificates != .none
            if asks, tls.clientCA == nil, !reader.hasProblem(within: "\(path).client_ca") {
                reader.report(
                    reader.position(of: "\(path).client_certificates"),
                    "\(path).client_certificates",
                    "asks for certificates, and nobody is named who vouches for them",
                    remedy: "add client_ca: FILE with the authority's certificate"
                )
            }
            if !asks, tls.clientCA != nil, !reader.hasProblem(within: "\(path).client_certificates") {
                reader.report(
                    reader.position(of: "\(path).client_ca"),
                    "\(path).client_ca",
                    "is of no use: clients are not asked for certificates",
                    remedy: "add client_certificates: request or require, or remove it"
                )
            }
            if case .unix = tls.redirect {
                reader.report(
                    reader.position(of: "\(path).redirect"),
                    "\(path).redirect",
                    "is a Unix socket, which speaks no TLS to redirect to",
                    remedy: "write ADDRESS:PORT, as in 0.0.0.0:80"
                )
            }
            guard !reader.hasProblem(within: path), let found = reader.certificates.listener(tls) else {
                return
            }
            let here = "\(path).\(found.key)"
            reader.report(
                reader.position(of: here),
                here,
                found.complaint.complaint,
                remedy: found.complaint.remedy
            )
        }
    }
}

extension Shape<String> {
    /// A file that is read with the configuration; a relative path starts at the configuration's folder.
    static var inputFile: Shape {
        let text = Shape.text
        return Shape(schema: text.schema, rendered: text.rendered) { node, path, reader in
            text.read(node, path, reader).map { $0.hasPrefix("/") ? $0 : reader.folder + $0 }
        }
    }

    /// A PEM file of authorities.
    static var authorityFile: Shape {
        let file = Shape.inputFile
        return Shape(schema: file.schema, rendered: file.rendered) { node, path, reader in
            guard let name = file.read(node, path, reader) else { return nil }
            guard let complaint = reader.certificates.authorities(name) else { return name }
            reader.report(node.position, path, complaint.complaint, remedy: complaint.remedy)
            return nil
        }
    }
}

extension Shape<CertificateMatch> {
    /// A certificate's fingerprint, or a name in it.
    static var certificateMatch: Shape {
        .parsed(
            schema: [
                "type": "string",
                "pattern":
                    "^([Ss][Hh][Aa]256:)?([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$|^[Dd][Nn][Ss]:[A-Za-z0-9._-]+$|^[Uu][Rr][Ii]:.+:.*$",
            ],
            rendered: { .string($0.description) },
            CertificateMatch.init(parsing:)
        )
    }
}
