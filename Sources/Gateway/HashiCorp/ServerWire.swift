import Crypto
import HTTP
import HTTPClient
import JSON

/// The few calls of the HTTP API that are made, and what their answers say.
///
/// As documented for HashiCorp Vault (`/v1/{mount}/data/{path}`, `/v1/auth/approle/login`, `/v1/auth/token/renew-self`,
/// `/v1/auth/token/lookup-self`); OpenBao has kept them.
struct ServerWire: Sendable {
    let address: String
    let namespace: String?

    /// A token and how long it is good for.
    struct Grant: Sendable {
        let token: Secret<String>
        /// `.zero` for one that does not end.
        let duration: Duration
        let isRenewable: Bool
    }

    // MARK: Calls

    func read(_ secret: SecretName.Secret, token: Secret<String>) -> UpstreamRequest {
        request(.get, "\(secret.mount)/data/\(secret.path)", token: token)
    }

    func login(mount: String, role: Secret<String>, id: Secret<String>) -> UpstreamRequest {
        let body: JSONValue = [
            "role_id": .string(role.reveal { $0 }), "secret_id": .string(id.reveal { $0 }),
        ]
        return request(.post, "auth/\(mount)/login", body: body)
    }

    func renew(_ token: Secret<String>) -> UpstreamRequest {
        request(.post, "auth/token/renew-self", token: token, body: [:])
    }

    func lookUp(_ token: Secret<String>) -> UpstreamRequest {
        request(.get, "auth/token/lookup-self", token: token)
    }

    private func request(
        _ method: Method,
        _ path: String,
        token: Secret<String>? = nil,
        body: JSONValue? = nil
    ) -> UpstreamRequest {
        var request = UpstreamRequest(method, "\(address)/v1/\(path)")
        request.fields["Accept"] = "application/json"
        // Servers can be set to refuse callers that a page of somebody else's made.
        request.fields["X-Vault-Request"] = "true"
        token?.reveal { request.fields["X-Vault-Token"] = $0 }
        if let namespace { request.fields["X-Vault-Namespace"] = namespace }
        if let body {
            request.fields["Content-Type"] = "application/json"
            request.body = body.serialized()
        }
        request.maximumBytes = 1 << 20
        request.timeouts = .init(
            connect: .seconds(3),
            firstByte: .seconds(5),
            total: .seconds(8),
            stall: .seconds(5)
        )
        return request
    }

    // MARK: Answers

    /// The fields of a secret.
    static func fields(in response: UpstreamResponse) throws(ServerFailure) -> JSONObject {
        let body = try json(of: response)
        guard let secret = body["data"]?.object, let fields = secret["data"]?.object else {
            throw .unreadable(status: response.status.code)
        }
        return fields
    }

    static func text(_ field: String, in fields: JSONObject) throws(ServerFailure) -> Secret<String> {
        guard let value = fields[field] else { throw .noField }
        guard let text = value.string, !text.isEmpty else { throw .notText }
        return Secret(text)
    }

    /// What a login, or a renewal, gives.
    static func grant(in response: UpstreamResponse) throws(ServerFailure) -> Grant {
        // 400 is how a wrong id is refused.
        if response.status.code == 400 { throw .loginRefused }
        let body: JSONValue
        do throws(ServerFailure) {
            body = try json(of: response)
        } catch .denied {
            throw .loginRefused
        }
        guard let auth = body["auth"]?.object, let token = auth["client_token"]?.string, !token.isEmpty else {
            throw .unreadable(status: response.status.code)
        }
        return Grant(
            token: Secret(token),
            duration: .seconds(max(auth["lease_duration"]?.integer ?? 0, 0)),
            isRenewable: auth["renewable"]?.bool ?? false
        )
    }

    /// What a token says of itself.
    static func grant(of token: Secret<String>, in response: UpstreamResponse) throws(ServerFailure) -> Grant
    {
        let body = try json(of: response)
        guard let data = body["data"]?.object else { throw .unreadable(status: response.status.code) }
        return Grant(
            token: token,
            duration: .seconds(max(data["ttl"]?.integer ?? 0, 0)),
            isRenewable: data["renewable"]?.bool ?? false
        )
    }

    private static func json(of response: UpstreamResponse) throws(ServerFailure) -> JSONValue {
        let body: JSONValue?
        do throws(JSONError) { body = try JSONValue(parsing: response.body) } catch { body = nil }
        switch response.status.code {
        case 200:
            guard let body else { throw .unreadable(status: 200) }
            return body
        case 403: throw .denied
        // A deleted version comes with its metadata, and is as much gone as one that never was.
        case 404:
            guard body?["errors"]?.array != nil || body?["data"]?.object != nil else {
                throw .unreadable(status: 404)
            }
            throw .missing
        case 503:
            let errors = (body?["errors"]?.array ?? []).compactMap(\.string)
            throw errors.contains { $0.lowercased().contains("sealed") } ? .sealed : .unavailable(status: 503)
        // 412: a replica that is not yet up to date.
        case 412, 429, 472, 473, 500...599: throw .unavailable(status: response.status.code)
        default: throw .unreadable(status: response.status.code)
        }
    }
}
