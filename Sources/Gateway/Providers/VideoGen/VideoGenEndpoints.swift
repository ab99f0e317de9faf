import Crypto
import HTTP
import JSON
import Sound

/// Registers our address with `POST /v1/webhooks/endpoints`; the vendor takes `https` only.
struct VideoGenEndpoints: WebhookRegistering {
    func registration(of url: String) -> UpstreamCall {
        UpstreamCall(
            .post,
            "/v1/webhooks/endpoints",
            body: .json([
                "url": .string(url),
                "events": .array(VideoGenEvents.states.map { .string($0.event) }),
                "description": "soundgate",
            ])
        )
    }

    func registered(_ reply: UpstreamReply) throws(SubmitError) -> WebhookRegistration {
        guard (200..<300).contains(reply.status) else {
            throw SubmitError(VideoGenError(reply), of: reply)
        }
        guard let body = reply.json, let id = body["endpointId"]?.string, !id.isEmpty,
            let secret = body["signingSecret"]?.string, !secret.isEmpty
        else { throw .unknown("success without an endpoint's id and secret") }
        return WebhookRegistration(id: id, secret: Secret(secret))
    }
}
