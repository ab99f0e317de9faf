import HTTP
import JSON
import Sound

/// Translates `POST /api/v1/generate/sounds`, `GET /api/v1/generate/record-info` and, for lyrics with their times,
/// `POST /api/v1/generate/get-timestamped-lyrics`.
struct SunoSounds: JobTranslating {
    let profile: SunoProfile

    func submit(_ order: Order) -> UpstreamCall {
        var body: JSONObject = ["prompt": .string(order.prompt)]
        body["model"] = .string(order.model ?? SunoProfile.defaultModel)
        if order.isNative(.loop) { body["soundLoop"] = .bool(true) }
        if order.isNative(.bpm), let bpm = order.request.bpm { body["soundTempo"] = .integer(Int64(bpm)) }
        if order.isNative(.key), let key = order.request.key { body["soundKey"] = .string(key.description) }
        if order.isNative(.timedLyrics) { body["grabLyrics"] = .bool(true) }
        body["callBackUrl"] = order.callbackURL.map { .string($0) }
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
        SunoRecord(try data(in: reply)).observation
    }

    /// Where `grabLyrics` shows up is not documented for sounds; music has this call for it.
    func ask(for part: TakePart, of take: String, job: RemoteJob) -> UpstreamCall? {
        switch part {
        case .timedLyrics:
            UpstreamCall(
                .post,
                "/api/v1/generate/get-timestamped-lyrics",
                body: .json(["taskId": .string(job.id), "audioId": .string(take)])
            )
        case .address: nil
        }
    }

    func answer(_ reply: UpstreamReply, for part: TakePart, of take: String) throws(PollError)
        -> RemoteResult
    {
        guard part == .timedLyrics, let lines = SunoWords.lines(in: try data(in: reply)) else {
            throw .transient("the take has no timed lyrics yet", retryAfter: nil)
        }
        return RemoteResult(key: take, url: nil, timedLyrics: lines)
    }

    /// The `data` of a good answer to a question.
    private func data(in reply: UpstreamReply) throws(PollError) -> JSONValue {
        guard let envelope = SunoEnvelope(reply, of: profile) else {
            throw .transient(
                "status \(reply.status) without the vendor's envelope",
                retryAfter: reply.retryAfter
            )
        }
        guard let failure = envelope.failure else { return envelope.data }
        switch envelope.verdict {
        case .badKey?: throw .unauthorized(failure)
        // At 500 and above even a complaint is the host's trouble, and passes.
        case .badRequest? where envelope.code < 500, .unknown?, .refused?: throw .notFound(failure)
        default: throw .transient("code \(envelope.code) while polling", retryAfter: reply.retryAfter)
        }
    }
}
