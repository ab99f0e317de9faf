import EventLoop
import HTTP
package import HTTPServer
package import JSON
import Threads

/// The double of a HashiCorp Vault or OpenBao server: a KV engine of version 2, AppRole, and tokens that end.
///
/// Not a vendor: it stands beside the others, on a server of whoever tests with it. Its answers are those that the HTTP
/// API documents, and no more of them than are read.
package final class HashiCorpDouble: Sendable {
    /// A call as it came.
    package struct Call: Sendable, Equatable {
        package let method: String
        package let path: String
        /// Whether a token came with it that is good.
        package let isKnown: Bool
        package let namespace: String?
    }

    /// What it has and how it behaves.
    package struct State: Sendable {
        /// Fields by `mount/path`; an empty one is a secret whose version was deleted.
        package var secrets: [String: JSONObject] = [:]
        /// Secret ids by their role's.
        package var roles: [String: String] = [:]
        /// Tokens that were made by hand, which do not end.
        package var tokens: Set<String> = []
        package var isSealed = false
        /// Answers 500 whatever is asked.
        package var isBroken = false
        package var namespace: String?
        /// How long a login or a renewal is good for, in seconds.
        package var lease = 3600
        /// How often a token may be renewed.
        package var renewals = Int.max
        /// Paths that no token may read.
        package var denied: Set<String> = []
        package fileprivate(set) var calls: [Call] = []
        fileprivate var leases: [String: Lease] = [:]
        fileprivate var lastToken = 0

        /// Forgets every token that a login gave.
        package mutating func revokeAll() { leases = [:] }
    }

    fileprivate struct Lease {
        var end: UInt64
        var renewals = 0
    }

    private let state = Guarded(State())

    /// A double with nothing in it.
    package init() {}

    /// Looks at it, or changes it.
    @discardableResult
    package func change<Result>(_ body: (inout State) -> Result) -> Result { state.withLock { body(&$0) } }

    /// The calls so far.
    package var calls: [Call] { state.withLock { $0.calls } }

    /// Answers a call.
    package func respond(to request: Request) async -> Response {
        let body: JSONValue
        do {
            let bytes = try await request.body.collect(upTo: 64 << 10)
            body = bytes.isEmpty ? .null : try JSONValue(parsing: bytes)
        } catch {
            return Self.refusal(.badRequest, "failed to parse JSON input")
        }
        let token = request.fields["X-Vault-Token"]
        let namespace = request.fields["X-Vault-Namespace"]
        return state.withLock { state in
            let isKnown = token.map { state.isGood($0) } ?? false
            state.calls.append(
                Call(
                    method: "\(request.method)",
                    path: request.target.path,
                    isKnown: isKnown,
                    namespace: namespace
                )
            )
            if state.isSealed { return Self.refusal(.serviceUnavailable, "Vault is sealed") }
            if state.isBroken { return Self.refusal(.internalServerError, "internal error") }
            guard namespace == state.namespace else { return Self.refusal(.forbidden, "permission denied") }
            let path = request.target.path.split(separator: "/").map(String.init)
            guard path.first == "v1" else { return Self.refusal(.notFound) }
            if path.count == 4, path[1] == "auth", path[3] == "login" { return state.logIn(body) }
            guard let token, isKnown else { return Self.refusal(.forbidden, "permission denied") }
            switch path.dropFirst().joined(separator: "/") {
            case "auth/token/renew-self": return state.renew(token)
            case "auth/token/lookup-self": return state.lookUp(token)
            default: return state.read(path)
            }
        }
    }

    fileprivate static func refusal(_ status: Status, _ errors: String...) -> Response {
        answer(["errors": .array(errors.map { .string($0) })], status)
    }

    fileprivate static func answer(_ json: JSONValue, _ status: Status = .ok) -> Response {
        Response(status, contentType: "application/json", json.serialized())
    }
}

extension HashiCorpDouble.State {
    fileprivate func isGood(_ token: String) -> Bool {
        tokens.contains(token) || leases[token].map { monotonicNow() < $0.end } ?? false
    }

    fileprivate mutating func logIn(_ body: JSONValue) -> Response {
        guard let role = body["role_id"]?.string, let secret = roles[role],
            body["secret_id"]?.string == secret
        else { return HashiCorpDouble.refusal(.badRequest, "invalid role or secret ID") }
        lastToken += 1
        let token = "hvs.double-\(lastToken)"
        leases[token] = HashiCorpDouble.Lease(end: end)
        return HashiCorpDouble.answer(auth(token))
    }

    fileprivate mutating func renew(_ token: String) -> Response {
        guard var lease = leases[token] else { return HashiCorpDouble.answer(auth(token)) }
        guard lease.renewals < renewals else {
            return HashiCorpDouble.refusal(.badRequest, "lease is not renewable")
        }
        lease.renewals += 1
        lease.end = end
        leases[token] = lease
        return HashiCorpDouble.answer(auth(token))
    }

    fileprivate func lookUp(_ token: String) -> Response {
        let left = leases[token].map { Int(($0.end - monotonicNow()) / 1_000_000_000) } ?? 0
        return HashiCorpDouble.answer([
            "data": [
                "ttl": JSONValue(left), "renewable": .bool(left > 0), "policies": ["default"],
                "type": "service",
            ]
        ])
    }

    /// `v1/MOUNT/data/PATH`.
    fileprivate func read(_ path: [String]) -> Response {
        guard path.count >= 4, path[2] == "data" else {
            return HashiCorpDouble.refusal(
                .notFound,
                "no handler for route \"\(path.dropFirst().joined(separator: "/"))\". route entry not found."
            )
        }
        let name = ([path[1]] + path[3...]).joined(separator: "/")
        guard !denied.contains(name) else { return HashiCorpDouble.refusal(.forbidden, "permission denied") }
        guard let fields = secrets[name] else { return HashiCorpDouble.refusal(.notFound) }
        let isDeleted = fields.isEmpty
        let metadata: JSONValue = [
            "created_time": "2026-11-21T00:00:00Z", "custom_metadata": .null,
            "deletion_time": isDeleted ? "2026-11-21T01:00:00Z" : "", "destroyed": false, "version": 1,
        ]
        return HashiCorpDouble.answer(
            ["data": ["data": isDeleted ? .null : .object(fields), "metadata": metadata]],
            isDeleted ? .notFound : .ok
        )
    }

    private var end: UInt64 { monotonicNow() &+ UInt64(lease) &* 1_000_000_000 }

    private func auth(_ token: String) -> JSONValue {
        [
            "auth": [
                "client_token": .string(token), "accessor": "accessor", "policies": ["default"],
                "metadata": .null, "lease_duration": JSONValue(lease), "renewable": true,
            ],
            "lease_duration": 0, "warnings": .null,
        ]
    }
}
