package import JSON
package import Sound

/// Translates between the gateway's vocabulary and a vendor whose jobs are created, then polled.
package protocol JobTranslating: Sendable {
    /// The call that creates the job.
    func submit(_ order: Order) -> UpstreamCall
    /// Reads the answer to the create.
    ///
    /// - Throws: `SubmitError.refused` only when the vendor surely did not take the job; `.unknown` for every
    ///   answer that cannot be read.
    func accepted(_ reply: UpstreamReply) throws(SubmitError) -> RemoteJob
    /// The call that asks how the job is.
    func poll(_ job: RemoteJob) -> UpstreamCall
    /// Reads the answer to a poll.
    ///
    /// - Throws: `PollError` when the answer says nothing about the job.
    func observation(_ reply: UpstreamReply) throws(PollError) -> Observation
    /// The call that stops the job; `nil` where the vendor has none.
    func cancel(_ job: RemoteJob) -> UpstreamCall?
    /// The call that asks for what the poll leaves out of a take; `nil` where the poll tells everything.
    func ask(for part: TakePart, of take: String, job: RemoteJob) -> UpstreamCall?
    /// Reads the answer to that question: a result with the take's key and the part.
    ///
    /// - Throws: `PollError` when the answer does not hold it (yet).
    func answer(_ reply: UpstreamReply, for part: TakePart, of take: String) throws(PollError) -> RemoteResult
    /// What is wrong with the caller's options for this provider.
    func problems(in options: JSONObject) -> [Problem]
}

extension JobTranslating {
    /// No vendor has to let jobs be stopped.
    package func cancel(_ job: RemoteJob) -> UpstreamCall? { nil }

    /// The poll tells everything.
    package func ask(for part: TakePart, of take: String, job: RemoteJob) -> UpstreamCall? { nil }

    /// Nothing was asked.
    package func answer(_ reply: UpstreamReply, for part: TakePart, of take: String) throws(PollError)
        -> RemoteResult
    { throw .transient("nothing was asked", retryAfter: nil) }

    /// Refuses every option, for providers that have none.
    package func problems(in options: JSONObject) -> [Problem] { unknownOptions(options) }
}

/// What a poll may leave out of a take, and a call of its own tells.
package enum TakePart: String, Sendable, Hashable, CaseIterable {
    /// Where the audio is; asked again when the address that we have no longer answers.
    case address
    /// The lyrics with their times.
    case timedLyrics = "timed_lyrics"
}

/// The job at the vendor, by the vendor's own id.
package struct RemoteJob: Sendable, Equatable {
    package let id: String
    /// Expected time to the result, where the vendor tells it.
    package let eta: Duration?
    /// What the vendor says beforehand that the job costs.
    package let cost: Cost.Amount?
    /// The keys of the takes that will come, where the vendor names them beforehand.
    package let takes: [String]

    /// A job under the vendor's id.
    package init(id: String, eta: Duration? = nil, cost: Cost.Amount? = nil, takes: [String] = []) {
        self.takes = takes
        self.id = id
        self.eta = eta
        self.cost = cost
    }
}

/// Why a create did not give a job.
package enum SubmitError: Error, Sendable, Equatable {
    /// The vendor said no: nothing was started, nothing is charged.
    case refused(Failure)
    /// Nobody can tell whether the vendor took the job.
    case unknown(String)
}

/// Why an answer to a poll says nothing about the job.
package enum PollError: Error, Sendable, Equatable {
    /// Try again later: an outage, a page of HTML, too many questions.
    case transient(String, retryAfter: Duration?)
    /// The vendor does not know the job (or does not yet).
    case notFound(Failure)
    /// The credential is refused.
    case unauthorized(Failure)
}
