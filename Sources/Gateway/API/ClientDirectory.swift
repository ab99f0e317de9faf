import Configuration
import Crypto
import HTTP
import HTTPServer

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
    private let requiresKey: Bool

    init(_ access: ClientAccess) {
        requiresKey = access.requiresKey
        entries = access.clients.compactMap { client in
            Hex.decode(client.keySHA256).map { ($0, Caller(name: client.name, isAdmin: client.isAdmin)) }
        }
    }

    /// The caller behind a request.
    ///
    /// - Throws: a 401 problem for a missing, malformed or unknown key.
    func caller(of request: Request) throws(ProblemDetails) -> Caller {
        guard requiresKey else { return Caller(name: nil, isAdmin: true) }
        guard let field = request.fields["Authorization"] else {
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
        return found
    }

    private static func unauthorized(_ detail: String) -> ProblemDetails {
        ProblemDetails(.unauthorized, code: "unauthorized", detail: detail)
    }
}
