import HTTP
import JSON
import Providers
import Sound

/// Translates `POST /v1/effects` and `GET /v1/effects/{job}`.
struct LarkspurEffects: JobTranslating {
    func submit(_ order: Order) -> UpstreamCall {
        var body: JSONObject = ["text": .string(order.prompt)]
        if order.isNative(.duration) { body["seconds"] = order.request.duration.map { .number($0) } }
        if order.isNative(.loop) { body["looping"] = true }
        return UpstreamCall(.post, "/v1/effects", body: .json(body))
    }

    func accepted(_ reply: UpstreamReply) throws(SubmitError) -> RemoteJob {
        guard reply.status == 201 else { throw LarkspurError.submit(reply) }
        guard let id = reply.json?["job"]?.string, !id.isEmpty else {
            throw .unknown("a success without a job")
        }
        return RemoteJob(id: id)
    }

    func poll(_ job: RemoteJob) -> UpstreamCall {
        UpstreamCall(.get, "/v1/effects/\(PercentEncoding.encode(job.id))")
    }

    func observation(_ reply: UpstreamReply) throws(PollError) -> Observation {
        guard reply.status == 200 else { throw LarkspurError.poll(reply) }
        guard let body = reply.json, let word = body["state"]?.string else {
            throw .transient("status 200 without a job", retryAfter: reply.retryAfter)
        }
        let progress = body["percent"]?.double.map { min(max($0 / 100, 0), 1) }
        switch word {
        case "waiting": return Observation(.queued, progress: progress)
        case "working": return Observation(.running, progress: progress)
        case "done":
            guard let url = body["file"]?.string else {
                return Observation(.running, unknownWord: "done without a file")
            }
            return Observation(.succeeded, progress: 1, results: [RemoteResult(key: "0", url: url)])
        case "error":
            let code = body["reason"]?.string
            return Observation(
                .failed(Failure(.providerFailed, "the provider could not make the sound", providerCode: code))
            )
        // A word that nobody knows is no end.
        default: return Observation(.running, progress: progress, unknownWord: word)
        }
    }
}
