import Configuration
import Crypto
import HTTP
import HTTPServer
import TLS

/// Who is calling: a client by its key, or anybody where no key is asked for.
package struct Caller: Sendable, Equatable {
    /// `nil` where the gateway asks for no key.
    package let name: String?
    /// Sees the tasks of all clients.
    package let isAdmin: Bool
}

/// The clients that the configuration names, looked up by the digest of the key that a request shows.
///
/// Only digests are held. Every stored digest is compared, in constant time, so that the time of a refusal tells
/// nothing about how close a guess was.
struct ClientDirectory: Sendable {
    private let entries: [(digest: [UInt8], caller: Caller)]
    private let holders: [CertificateMatch: Caller]
    private let requiresKey: Bool

    init(_ access: ClientAccess) {
        requiresKey = access.requiresKey
        entries = access.clients.compactMap { client in
            Hex.decode(client.keySHA256).map { ($0, Caller(name: client.name, isAdmin: client.isAdmin)) }
        }
        holders = Dictionary(
            access.clients.flatMap { client in
                let caller = Caller(name: client.name, isAdmin: client.isAdmin)
                return client.certificates.map { ($0, caller) }
            },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The caller behind a request.
    ///
    /// A certificate does in place of a key. A key that comes with one must be the same client's.
    ///
    /// - Throws: a 401 problem for a missing, malformed or unknown key.
    func caller(of request: Request) throws(ProblemDetails) -> Caller {
        guard requiresKey else { return Caller(name: nil, isAdmin: true) }
        let holder = try request.clientCertificate.map(holder) ?? nil
        guard let field = request.fields["Authorization"] else {
            if let holder { return holder }
            throw Self.unauthorized("This gateway asks for a client key: send \"Authorization: Bearer KEY\".")
        }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw Self.unauthorized("The Authorization field must read \"Bearer KEY\".")
        }
        let digest = SHA256.hash(String(parts[1])).bytes
        var found: Caller?
        for entry in entries where constantTimeEquals(entry.digest, digest) { found = entry.caller }
        guard let found else { throw Self.unauthorized("The client key is not known here.") }
        guard holder == nil || holder == found else {
            throw Self.unauthorized("The client key and the client certificate belong to different clients.")
        }
        return found
    }

    /// The client that a certificate stands for; `nil` when it is nobody's.
    private func holder(of certificate: PeerCertificate) throws(ProblemDetails) -> Caller? {
        var matches = [CertificateMatch.fingerprint(certificate.fingerprint)]
        matches += certificate.names.map { name in
            switch name {
            case .dns(let name): .dns(name.lowercased())
            case .uri(let uri): .uri(uri)
            }
        }
        var found: Caller?
        for caller in matches.compactMap({ holders[$0] }) {
            guard found == nil || found == caller else {
                throw Self.unauthorized("The client certificate stands for several clients.")
            }
            found = caller
        }
        return found
    }

    private static func unauthorized(_ detail: String) -> ProblemDetails {
        ProblemDetails(.unauthorized, code: "unauthorized", detail: detail)
    }
}
