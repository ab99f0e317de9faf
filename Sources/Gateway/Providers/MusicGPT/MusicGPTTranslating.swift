import HTTP
import JSON
import Sound

/// What the vendor's operations share: how a create is answered, and the one call that asks for any kind of job.
protocol MusicGPTTranslating: JobTranslating {
    /// The kind of job, as `byId` wants it.
    var conversionType: String { get }
}

extension MusicGPTTranslating {
    func accepted(_ reply: UpstreamReply) throws(SubmitError) -> RemoteJob {
        guard let answer = MusicGPTAnswer(reply) else {
            throw .unknown("status \(reply.status) without the vendor's envelope")
        }
        if let failure = answer.refusalOfCreate { throw .refused(failure) }
        guard (200..<300).contains(reply.status), answer.success != false else {
            // 5xx of the web server in front and of the application look alike: the job may have been taken.
            throw .unknown("status \(reply.status) on create")
        }
        guard let id = answer.taskID else { throw .unknown("success without a task id") }
        return RemoteJob(id: id, eta: answer.eta, cost: answer.cost, takes: answer.versionIDs)
    }

    func poll(_ job: RemoteJob) -> UpstreamCall {
        UpstreamCall(.get, "/v1/byId?conversionType=\(conversionType)&task_id=\(queryEscaped(job.id))")
    }

    func observation(_ reply: UpstreamReply) throws(PollError) -> Observation {
        try conversion(in: reply).observation
    }

    /// The job in an answer of `byId`.
    ///
    /// - Throws: `PollError` when the answer says nothing about it.
    func conversion(in reply: UpstreamReply) throws(PollError) -> MusicGPTConversion {
        guard let answer = MusicGPTAnswer(reply) else {
            throw .transient(
                "status \(reply.status) without the vendor's envelope",
                retryAfter: reply.retryAfter
            )
        }
        if let error = answer.pollError { throw error }
        guard let conversion = answer.conversion else {
            throw .transient("an answer without a conversion", retryAfter: answer.retryAfter)
        }
        return conversion
    }
}
