import Crypto
import HTTP
import HTTPClient
import OpenTelemetry
import Providers
import Sound
import Telemetry
import Timing

extension UpstreamReply {
    init(_ response: UpstreamResponse) {
        self.init(status: response.status.code, fields: response.fields, body: response.body)
    }
}

/// Makes a provider's calls: joins base URL, path and credential, and sorts what comes back.
struct Upstream: Sendable {
    /// What became of a call.
    enum Outcome: Sendable {
        case answered(UpstreamReply)
        /// Surely nothing has left.
        case notSent(String)
        /// Something may have left; nobody knows what became of it.
        case unknown(String)

        /// A word to count by.
        fileprivate var word: String {
            switch self {
            case .answered(let reply): EngineMetrics.family(ofStatus: reply.status)
            case .notSent: "not_sent"
            case .unknown: "unknown"
            }
        }
    }

    let client: any HTTPTransport
    var time: any Timekeeper = SystemTime()
    var metrics = EngineMetrics()
    var tracer: Tracer?

    func send(
        _ call: UpstreamCall,
        to provider: Provider,
        credential name: String?,
        for purpose: CallPurpose
    ) async -> Outcome {
        let began = time.instant
        let outcome = await make(call, to: provider, credential: name, for: purpose)
        metrics.called(provider.id, outcome.word, nanoseconds: time.instant &- began)
        return outcome
    }

    private func make(
        _ call: UpstreamCall,
        to provider: Provider,
        credential name: String?,
        for purpose: CallPurpose
    ) async -> Outcome {
        guard var request = Self.request(call, to: provider, credential: name) else {
            return .notSent("the credential \(name ?? "-") of \(provider.id) is no longer configured")
        }
        let span = tracer?.begin(purpose, &request, to: provider)
        defer { span?.end() }
        do throws(TransportFailure) {
            let response = try await client.send(request)
            span?.describe(status: response.status.code)
            return .answered(Self.clean(UpstreamReply(response), of: provider, credential: name))
        } catch {
            span?.describe(error)
            return error.delivery == .notSent ? .notSent(error.message) : .unknown(error.message)
        }
    }

    /// The same answer without the key that it was asked with.
    static func clean(_ reply: UpstreamReply, of provider: Provider, credential name: String?)
        -> UpstreamReply
    {
        guard let key = provider.credentials.first(where: { $0.name == name })?.key,
            let redaction = KeyRedaction(key)
        else { return reply }
        return redaction.redacted(reply)
    }

    static func request(_ call: UpstreamCall, to provider: Provider, credential name: String?)
        -> UpstreamRequest?
    {
        var request = UpstreamRequest(call.method, provider.baseURL + call.path)
        request.fields = call.fields
        request.fields["Accept"] = "application/json"
        request.fields["Content-Type"] = call.contentType
        request.body = call.encodedBody
        request.maximumBytes = 4 << 20
        // On HTTP/2 libcurl hides whether a retiring connection refused a stream unseen: a create would end as
        // unknown for want of an answer that HTTP/1.1 gives.
        if !call.method.isSafe { request.protocols = .http11 }
        if let file = provider.certificateAuthorities { request.trust = .only(file) }
        request.timeouts.connect = provider.connectTimeout
        request.timeouts.firstByte = provider.requestTimeout
        request.timeouts.total = provider.connectTimeout + provider.requestTimeout
        guard provider.adapter.needsCredential else { return request }
        guard let credential = provider.credentials.first(where: { $0.name == name }) else { return nil }
        credential.key.reveal { key in
            switch provider.adapter.authentication {
            case .none: break
            case .bearer: request.fields["Authorization"] = "Bearer \(key)"
            case .rawAuthorization: request.fields["Authorization"] = key
            case .header(let field): request.fields[field] = key
            }
        }
        return request
    }
}
