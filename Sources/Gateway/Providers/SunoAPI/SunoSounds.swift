import HTTP
import JSON
import Sound

/// Translates `POST /api/v1/generate/sounds` and `GET /api/v1/generate/record-info`.
struct SunoSounds: JobTranslating {
    func submit(_ order: Order) -> UpstreamCall {
        var body: JSONObject = ["prompt": .string(order.prompt)]
        body["model"] = .string(order.model ?? "V5")
        if order.isNative(.loop) { body["soundLoop"] = .bool(true) }
        if order.isNative(.bpm), let bpm = order.request.bpm { body["soundTempo"] = .integer(Int64(bpm)) }
        if order.isNative(.key), let key = order.request.key { body["soundKey"] = .string(key.description) }
        return UpstreamCall(.post, "/api/v1/generate/sounds", body: .json(body))
    }

    func accepted(_ reply: UpstreamReply) throws(SubmitError) -> RemoteJob {
        guard let envelope = SunoEnvelope(reply) else {
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
        guard let envelope = SunoEnvelope(reply) else {
            throw .transient(
                "status \(reply.status) without the vendor's envelope",
                retryAfter: reply.retryAfter
            )
        }
        if let failure = envelope.failure {
            switch failure.code {
            case .providerAuth: throw .unauthorized(failure)
            case .invalidRequest, .providerRejected: throw .notFound(failure)
            default: throw .transient("code \(envelope.code) while polling", retryAfter: reply.retryAfter)
            }
        }
        return SunoRecord(envelope.data).observation
    }
}
