import Crypto
import HTTP
import JSON
import Providers
import Sound

/// A vendor's API on paper, with everything that an adapter may have.
struct PaperJobs: JobTranslating {
    func submit(_ order: Order) -> UpstreamCall { UpstreamCall(.post, "/create", body: .json([:])) }

    func accepted(_ reply: UpstreamReply) throws(SubmitError) -> RemoteJob {
        if let code = reply.json?["code"]?.string {
            throw .refused(Failure(Failure.Code(rawValue: code), "refused on paper"))
        }
        guard let id = reply.json?["job"]?.string else { throw .unknown("no job on paper") }
        return RemoteJob(id: id)
    }

    func poll(_ job: RemoteJob) -> UpstreamCall { UpstreamCall(.get, "/job/\(job.id)") }

    func observation(_ reply: UpstreamReply) throws(PollError) -> Observation {
        guard let body = reply.json else { throw .transient("no state on paper", retryAfter: nil) }
        if body["code"] == "provider_auth" { throw .unauthorized(Failure(.providerAuth, "refused on paper")) }
        let results = (body["takes"]?.array ?? []).compactMap { take in
            take["key"]?.string.map { RemoteResult(key: $0, url: take["url"]?.string) }
        }
        switch body["state"]?.string {
        case "succeeded": return Observation(.succeeded, results: results)
        case "failed": return Observation(.failed(Failure(.providerFailed, "failed on paper")))
        default: return Observation(.running, results: results)
        }
    }

    func cancel(_ job: RemoteJob) -> UpstreamCall? { UpstreamCall(.post, "/cancel/\(job.id)") }

    func ask(for part: TakePart, of take: String, job: RemoteJob) -> UpstreamCall? {
        UpstreamCall(.get, part == .address ? "/address/\(take)" : "/lyrics/\(take)")
    }

    func answer(_ reply: UpstreamReply, for part: TakePart, of take: String) throws(PollError)
        -> RemoteResult
    {
        if part == .address, let url = reply.json?["url"]?.string { return RemoteResult(key: take, url: url) }
        if part == .timedLyrics, let text = reply.json?["text"]?.string {
            return RemoteResult(key: take, url: nil, timedLyrics: [TimedLine(text: text, start: 0, end: 1)])
        }
        throw .transient("not on this paper", retryAfter: nil)
    }
}

/// The other style: the audio is the answer.
struct PaperAudio: AudioTranslating {
    func submit(_ order: Order) -> UpstreamCall { UpstreamCall(.post, "/audio", body: .json([:])) }

    func receipt(_ reply: UpstreamReply, for order: Order) -> AudioReceipt {
        AudioReceipt(id: reply.fields["request-id"], cost: Cost.Amount(7, "credits"))
    }

    func refusal(_ reply: UpstreamReply) -> SubmitError {
        guard let code = reply.json?["code"]?.string else { return .unknown("unreadable on paper") }
        return .refused(Failure(Failure.Code(rawValue: code), "refused on paper"))
    }
}

/// Nothing is read: tests say themselves what a message says.
struct PaperCallbacks: CallbackReading {
    let isSigned = false

    func news(in message: CallbackMessage, secret: Secret<String>?, now: Moment) -> CallbackNews {
        .irrelevant
    }
}

struct PaperBalance: BalanceReading {
    var call: UpstreamCall { UpstreamCall(.get, "/balance") }

    func balance(_ reply: UpstreamReply) -> Cost.Amount? {
        reply.json?["left"]?.double.map { Cost.Amount($0, "credits") }
    }
}

/// So far off that only the test brings it about.
let never = PollPace(first: .seconds(100_000), ceiling: .seconds(100_000))

func paperAdapter(_ pace: PollPace) -> ProviderDescriptor {
    let capabilities = Capabilities(types: [.effect, .music], promptLimit: 100, means: [:])
    return ProviderDescriptor(
        id: "paper",
        displayName: "Paper",
        kind: .vendor,
        defaultBaseURL: nil,
        authentication: .bearer,
        pace: pace,
        defaultConcurrency: 4,
        operations: [
            Operation(name: "jobs", capabilities: capabilities, delivery: .polled(PaperJobs())),
            Operation(name: "audio", capabilities: capabilities, delivery: .streamed(PaperAudio())),
        ],
        callbacks: .perJob(PaperCallbacks()),
        balance: PaperBalance()
    )
}
