package import JSON
package import Sound

/// One thing that a provider can be asked for: `sunoapi/sounds`.
///
/// Capabilities are data; translators are pure. Nothing here does I/O or reads a clock.
package struct Operation: Sendable {
    /// How the audio comes back.
    package enum Delivery: Sendable {
        /// A job that is created, then asked for until its result has a URL.
        case polled(any JobTranslating)
        /// Made in this process; making it twice costs nothing and gives the same.
        case rendered(any SoundRendering)
    }

    /// The part after the provider's name.
    package let name: String
    package let capabilities: Capabilities
    package let delivery: Delivery
    /// What a request costs, where that can be told beforehand.
    package let estimate: @Sendable (SoundRequest) -> Cost.Amount?

    /// An operation from its parts.
    package init(
        name: String,
        capabilities: Capabilities,
        delivery: Delivery,
        estimate: @escaping @Sendable (SoundRequest) -> Cost.Amount? = { _ in nil }
    ) {
        self.name = name
        self.capabilities = capabilities
        self.delivery = delivery
        self.estimate = estimate
    }

    /// True when running it a second time has no effect outside this process.
    package var isRepeatable: Bool {
        switch delivery {
        case .polled: false
        case .rendered: true
        }
    }
}

extension Operation {
    /// What is wrong with the caller's options for this provider; what renders here has none to take.
    package func problems(in options: JSONObject) -> [Problem] {
        switch delivery {
        case .polled(let translator): translator.problems(in: options)
        case .rendered: unknownOptions(options)
        }
    }
}

private func unknownOptions(_ options: JSONObject) -> [Problem] {
    options.keys.map { Problem($0, .unknownField, "this provider has no option \"\($0)\"") }
}

/// A request as one operation is going to get it: the route's model and prompt, and the caller's other wishes.
package struct Order: Sendable, Equatable {
    package var request: SoundRequest
    package var prompt: String
    package var model: String?
    /// How each demand is met; a demand met otherwise than natively must not be sent as a parameter.
    package var fulfilment: [RequestField: Grade]
    /// The caller's options for this provider.
    package var options: JSONObject

    /// An order of a request along a route.
    package init(_ request: SoundRequest, route: Route) {
        self.request = request
        self.prompt = route.prompt
        self.model = route.model
        self.fulfilment = route.fulfilment
        self.options = request.providerOptions[route.name.provider]?.object ?? [:]
    }

    /// True when the provider's own parameter is to be used for the field.
    package func isNative(_ field: RequestField) -> Bool { fulfilment[field] == .native }
}

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
    /// What is wrong with the caller's options for this provider.
    func problems(in options: JSONObject) -> [Problem]
}

extension JobTranslating {
    /// Refuses every option, for providers that have none.
    package func problems(in options: JSONObject) -> [Problem] { unknownOptions(options) }
}

/// The job at the vendor, by the vendor's own id.
package struct RemoteJob: Sendable, Equatable {
    package let id: String
    /// Expected time to the result, where the vendor tells it.
    package let eta: Duration?

    /// A job under the vendor's id.
    package init(id: String, eta: Duration? = nil) {
        self.id = id
        self.eta = eta
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

/// What a vendor says about a job at one moment.
package struct Observation: Sendable, Equatable {
    /// The vendor's word, normalized; a word that nobody knows is `running`.
    package enum State: Sendable, Equatable {
        case queued, running, succeeded
        case failed(Failure)
    }

    package var state: State
    /// 0–1, where the vendor tells it.
    package var progress: Double?
    package var eta: Duration?
    /// The takes that are there so far.
    package var results: [RemoteResult]
    /// What the vendor says that the job has cost.
    package var cost: Cost.Amount?
    /// A status word that no table has, for the log.
    package var unknownWord: String?

    /// What was seen.
    package init(
        _ state: State,
        progress: Double? = nil,
        eta: Duration? = nil,
        results: [RemoteResult] = [],
        cost: Cost.Amount? = nil,
        unknownWord: String? = nil
    ) {
        self.state = state
        self.progress = progress
        self.eta = eta
        self.results = results
        self.cost = cost
        self.unknownWord = unknownWord
    }
}

/// One take at the vendor.
package struct RemoteResult: Sendable, Equatable {
    /// The vendor's name of the take, stable over polls.
    package var key: String
    /// Where the audio is.
    package var url: String
    package var title: String?
    package var lyrics: String?
    package var timedLyrics: [TimedLine]?
    package var coverURL: String?

    /// A take and where it is.
    package init(
        key: String,
        url: String,
        title: String? = nil,
        lyrics: String? = nil,
        coverURL: String? = nil
    ) {
        self.key = key
        self.url = url
        self.title = title
        self.lyrics = lyrics
        self.coverURL = coverURL
    }
}
