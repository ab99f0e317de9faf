import Crypto
import HTTP
import JSON
import Sound

/// Reads a host's callbacks: `text`, `first`, `complete`, `error` (at apibox `failed`), several for each job.
///
/// Whatever the stage, it is a reason to ask and no more: most hosts sign nothing, and the signature of kie.ai covers
/// the job's id and the time but not the body.
struct SunoCallbacks: CallbackReading {
    let profile: SunoProfile

    /// How far a signature's time may be from ours; the vendor names no window, this is Standard Webhooks' own.
    private static let window = 300.0

    var isSigned: Bool { profile.signsCallbacks }

    func news(in message: CallbackMessage, secret: Secret<String>?, now: Moment) -> CallbackNews {
        let body: JSONObject?
        do {
            body = try JSONValue(parsing: message.body, maximumValues: UpstreamReply.mostValues).object
        } catch { body = nil }
        let job = body.flatMap(Self.job)
        if let secret, isSigned, let flaw = flaw(in: message, of: job, secret, now) { return .forged(flaw) }
        return body == nil ? .irrelevant : .hint(job: job)
    }

    /// The job's id: in `data.task_id`, but elsewhere for some kinds of job.
    private static func job(_ body: JSONObject) -> String? {
        let data = body["data"]
        return [body["taskId"], data?["taskId"], data?["task_id"]].lazy.compactMap { $0?.string }
            .first { !$0.isEmpty }
    }

    /// What is wrong with the proof that the message comes from the vendor; `nil` when it holds.
    ///
    /// Documented: `X-Webhook-Signature` is base64(HMAC-SHA256(key, id + "." + `X-Webhook-Timestamp`)), the time in
    /// seconds since 1970.
    private func flaw(in message: CallbackMessage, of job: String?, _ secret: Secret<String>, _ now: Moment)
        -> String?
    {
        guard let signature = message.fields["x-webhook-signature"],
            let stated = message.fields["x-webhook-timestamp"]
        else { return "the signature is missing" }
        guard let job else { return "the signature is for a job, and the message names none" }
        guard let seconds = Int64(stated),
            abs(Double(seconds) - Double(now.milliseconds) / 1000) <= Self.window
        else { return "the signature is too old, or from the future" }
        let isValid = secret.reveal { key in
            let code = HMACSHA256.authenticate(Array("\(job).\(stated)".utf8), key: Array(key.utf8))
            return constantTimeEquals(Base64.standard.encode(code.bytes), signature)
        }
        return isValid ? nil : "the signature is wrong"
    }
}
