import Configuration
import HTTPServer
import TLS
import Telemetry

extension ServerConfiguration.TLS {
    /// The files, as TLS reads them.
    var files: TLSFiles {
        let clients: TLSFiles.ClientCertificates =
            switch clientCertificates {
            case .none: .none
            case .request: .request
            case .require: .require
            }
        return TLSFiles(
            certificate: certificate,
            privateKey: privateKey,
            clientAuthorities: clientCA,
            clientCertificates: clients
        )
    }
}

extension CertificateInspection {
    /// Reads the files as the service does.
    static let reading = CertificateInspection(
        listener: { tls in
            do throws(TLSFileError) {
                _ = try TLSIdentity(tls.files)
                return nil
            } catch {
                let key =
                    switch error.part {
                    case .certificate: "certificate"
                    case .privateKey: "private_key"
                    case .clientAuthorities: "client_ca"
                    }
                return (key, Malformed("\(error.path) \(error.complaint)", remedy: error.remedy))
            }
        },
        authorities: { path in
            do throws(TLSFileError) {
                _ = try AuthorityFile.check(path)
                return nil
            } catch {
                return Malformed("\(error.path) \(error.complaint)", remedy: error.remedy)
            }
        }
    )
}

/// The listener's TLS as the service runs it: an identity, and what the log is told of it.
struct Security: Sendable {
    let identity: TLSIdentity
    private let files: TLSFiles
    private let log: Log

    /// Reads the files of a configuration; `nil` where it has none.
    init?(_ configuration: ServerConfiguration, log: Log) throws(TLSFileError) {
        guard let tls = configuration.tls else { return nil }
        files = tls.files
        identity = try TLSIdentity(files)
        self.log = log
        warn()
    }

    /// Reads the files again: new connections get what is there now, open ones keep what they have.
    ///
    /// Files that cannot be used change nothing but the log.
    func reload() {
        do throws(TLSFileError) {
            try identity.reload(files)
            log(.notice, "certificates read again", ["certificate": "\(files.certificate)"])
            warn()
        } catch {
            log(.error, "certificates not taken up, the old ones stay", ["reason": "\(error)"])
        }
    }

    private func warn() {
        for warning in identity.warnings {
            log(.warning, "a certificate wants care", ["reason": "\(warning)"])
        }
    }
}
