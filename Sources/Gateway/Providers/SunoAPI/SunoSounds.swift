import HTTP
import JSON
import Sound

/// Translates `POST /api/v1/generate/sounds` and `GET /api/v1/generate/record-info`.
struct SunoSounds: JobTranslating {
    let profile: SunoProfile

    func submit(_ order: Order) -> UpstreamCall {
        var body: JSONObject = ["prompt": .string(order.prompt)]
        body["model"] = .string(order.model ?? SunoProfile.defaultModel)
        if order.isNative(.loop) { body["soundLoop"] = .bool(true) }
        if order.isNative(.bpm), let bpm = order.request.bpm { body["soundTempo"] = .integer(Int64(bpm)) }
        if order.isNative(.key), let key = order.request.key { body["soundKey"] = .string(key.description) }
        return UpstreamCall(.post, "/api/v1/generate/sounds", body: .json(body))
    }

    func accepted(_ reply: UpstreamReply) throws(SubmitError) -> RemoteJob {
        guard let envelope = SunoEnvelope(reply, of: profile) else {
            throw .unknown("status \(reply.status) without the vendor's envelope")
        }
        if let failure = envelope.failure {
            // 5xx of the web server in front and of the application look alike: the job may have been taken.
            guard envelope.isSurelyRefused else { throw .unknown("code \(envelope.code) on create") }
            throw .refused(failure)
        }
        guard let id = envelope.data["taskId"]?.string ?? envelope.data["task_id"]?.string, !id.isEmpty else {
            throw .unknown("success without a task id")
        }
        return RemoteJob(id: id)
    }

    func poll(_ job: RemoteJob) -> UpstreamCall {
        UpstreamCall(.get, "/api/v1/generate/record-info?taskId=\(queryEscaped(job.id))")
    }

    func observation(_ reply: UpstreamReply) throws(PollError) -> Observation {
        guard let envelope = SunoEnvelope(reply, of: profile) else {
            throw .transient(
                "status \(reply.status) without the vendor's envelope",
                retryAfter: reply.retryAfter
            )
        }
        if let failure = envelope.failure {
            switch envelope.verdict {
            case .badKey?: throw .unauthorized(failure)
            // At 500 and above even a complaint is the host's trouble, and passes.
            case .badRequest? where envelope.code < 500, .unknown?, .refused?: throw .notFound(failure)
            default: throw .transient("code \(envelope.code) while polling", retryAfter: reply.retryAfter)
            }
        }
        return SunoRecord(envelope.data).observation
    }
}
