import HTTP
import JSON
import Sound

/// Translates `POST /v1/tools/generate-sound-effect` and the calls about its executions and files.
struct VideoGenEffects: JobTranslating {
    func submit(_ order: Order) -> UpstreamCall {
        let request = order.request
        var body: JSONObject = ["prompt": .string(order.prompt)]
        if order.isNative(.duration) { body["durationSeconds"] = request.duration.map { .number($0) } }
        if order.isNative(.promptInfluence) {
            body["promptInfluence"] = request.promptInfluence.map { .number($0) }
        }
        if let takes = order.takes { body["numResults"] = .integer(Int64(takes)) }
        if order.isNative(.temporary) { body["isOutputTemporary"] = .bool(true) }
        return UpstreamCall(.post, "/v1/tools/generate-sound-effect", body: .json(body))
    }

    func accepted(_ reply: UpstreamReply) throws(SubmitError) -> RemoteJob {
        guard (200..<300).contains(reply.status) else {
            throw SubmitError(VideoGenError(reply), of: reply)
        }
        guard let id = reply.json?["toolExecutionId"]?.string, !id.isEmpty else {
            throw .unknown("success without an execution's id")
        }
        return RemoteJob(id: id)
    }

    func poll(_ job: RemoteJob) -> UpstreamCall { UpstreamCall(.get, path(of: job)) }

    func observation(_ reply: UpstreamReply) throws(PollError) -> Observation {
        guard reply.status == 200 else { throw PollError(VideoGenError(reply), of: reply) }
        guard let body = reply.json, let execution = VideoGenExecution(body) else {
            throw .transient("status 200 without an execution", retryAfter: reply.retryAfter)
        }
        return execution.observation
    }

    func cancel(_ job: RemoteJob) -> UpstreamCall? { UpstreamCall(.post, "\(path(of: job))/cancel") }

    /// The plain `GET` of a file leaves its signed addresses out; hydrating it tells them.
    func ask(for part: TakePart, of take: String, job: RemoteJob) -> UpstreamCall? {
        guard part == .address else { return nil }
        return UpstreamCall(.post, "/v1/files/\(PercentEncoding.encode(take))/hydrate")
    }

    func answer(_ reply: UpstreamReply, for part: TakePart, of take: String) throws(PollError)
        -> RemoteResult
    {
        guard reply.status == 200 else { throw PollError(VideoGenError(reply), of: reply) }
        guard let body = reply.json, let file = VideoGenFile(.object(body)) else {
            throw .transient("status 200 without a file", retryAfter: reply.retryAfter)
        }
        guard let url = file.url else {
            guard file.isLost else { throw .transient("the file has no address yet", retryAfter: nil) }
            throw .notFound(Failure(.badResult, "the provider could not keep the sound"))
        }
        return RemoteResult(key: take, url: url, title: file.title)
    }

    private func path(of job: RemoteJob) -> String {
        "/v1/tools/executions/\(PercentEncoding.encode(job.id))"
    }
}
