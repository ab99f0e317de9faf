import JSON
import Sound

/// One run of a tool, as it is polled and as an event tells of its end.
struct VideoGenExecution {
    private let status: String
    private let body: JSONObject

    /// An execution as the poll gives it; `nil` for anything else.
    init?(_ body: JSONObject) {
        guard let status = body["status"]?.string, !status.isEmpty else { return nil }
        self.init(status: status, body)
    }

    /// An execution whose status is told beside it.
    init(status: String, _ body: JSONObject) {
        self.status = status
        self.body = body
    }

    var observation: Observation {
        switch status {
        case "pending": return Observation(.queued, progress: progress)
        case "running": return Observation(.running, progress: progress, results: results)
        case "succeeded":
            let results = results
            guard results.isEmpty else { return Observation(.succeeded, progress: 1, results: results) }
            // Paid for, and perhaps only late: asked again until the deadline.
            return Observation(.running, unknownWord: "succeeded without audio")
        case "failed": return Observation(.failed(failure))
        case "cancelled", "canceled":
            let failure = Failure(
                .canceled,
                "the job was canceled at the provider",
                origin: .provider,
                providerCode: status
            )
            return Observation(.failed(failure))
        // `awaiting_approval` is one of these: somebody has to press a button at the vendor's. Neither success nor
        // failure; the deadline decides, and the word goes into the log.
        default: return Observation(.running, progress: progress, results: results, unknownWord: status)
        }
    }

    /// An execution is tried again inside (`attemptIndex`), so the number may fall.
    private var progress: Double? {
        body["progressPercentage"]?.double.map { min(max($0 / 100, 0), 1) }
    }

    private var results: [RemoteResult] {
        (body["results"]?.array ?? []).compactMap { result in
            guard let id = result["fileId"]?.string, !id.isEmpty, result["type"]?.string ?? "AUDIO" == "AUDIO"
            else { return nil }
            let file = result["file"].flatMap { VideoGenFile($0) }
            return RemoteResult(key: id, url: file?.url, title: file?.title)
        }
    }

    /// The vendor's sentence stays out of it: it may quote the prompt.
    private var failure: Failure {
        let error = VideoGenError.Words(body["error"] ?? .null)
        if error.isAboutMoney {
            return Failure(
                .insufficientCredits,
                "the provider's account does not pay for the job",
                providerCode: error.code
            )
        }
        if error.isAboutContent {
            return Failure(
                .contentPolicy,
                "the provider's moderation refused the prompt",
                providerCode: error.code
            )
        }
        return Failure(.providerFailed, "the provider could not make the sound", providerCode: error.code)
    }
}
