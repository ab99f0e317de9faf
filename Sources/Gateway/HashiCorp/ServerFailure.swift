/// Why a server gave no value; no value, token or id is ever in it.
package enum ServerFailure: Error, Sendable, Equatable {
    /// Nobody answers, or not in time.
    case unreachable(String)
    /// It answers that it is sealed.
    case sealed
    /// It is there and cannot do its work just now.
    case unavailable(status: Int)
    /// The token does not open this secret, or is no longer good.
    case denied
    /// There is no secret of that name, or its present version was deleted.
    case missing
    /// The secret has no such field.
    case noField
    /// The field holds something else than text, or none.
    case notText
    /// The login was refused.
    case loginRefused
    /// It answers something that its API does not have; the address may be that of another service.
    case unreadable(status: Int)

    /// Whether the value may be as it was, so that the last one is good.
    package var isOutage: Bool {
        switch self {
        case .unreachable, .sealed, .unavailable: true
        default: false
        }
    }

    /// What is wrong, to stand behind the name of what was asked for.
    package var complaint: String {
        switch self {
        case .unreachable(let reason): "the server cannot be reached (\(reason))"
        case .sealed: "the server is sealed (503)"
        case .unavailable(let status): "the server cannot answer now (\(status))"
        case .denied: "the server does not allow it (403)"
        case .missing: "the server has no such secret (404)"
        case .noField: "the secret has no such field"
        case .notText: "the field holds no text"
        case .loginRefused: "the server refuses the login"
        case .unreadable(let status): "the answer is not one of Vault's KV version 2 (\(status))"
        }
    }

    /// What to do about it.
    package var remedy: String {
        switch self {
        case .unreachable: "check vault.hashicorp.address, the network, and ca"
        case .sealed: "unseal it"
        case .unavailable: "try again, or look at the server's log"
        case .denied: "give the token or the role a policy with read on MOUNT/data/PATH"
        case .missing: "check the mount and the path, without the data/ of the HTTP API"
        case .noField: "check what stands behind #"
        case .notText: "store it as text"
        case .loginRefused: "check role_id, secret_id and login_mount"
        case .unreadable: "check vault.hashicorp.address, and that the mount is a KV engine of version 2"
        }
    }
}
