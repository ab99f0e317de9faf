import JSON
import Sound

/// `{"code", "msg", "data"}`: the true outcome of a call, which HTTP status 200 says nothing about.
struct SunoEnvelope {
    /// The body's `code` when it is a number, else the HTTP status.
    let code: Int
    let data: JSONValue
    /// What the code says at this host; `nil` for success.
    let verdict: SunoVerdict?
    private let retryAfter: Duration?

    /// Reads an answer of a host; `nil` when it is not the family's envelope.
    init?(_ reply: UpstreamReply, of profile: SunoProfile) {
        guard let body = reply.json else { return nil }
        let stated = body["code"]?.integer ?? body["code"]?.string.flatMap { Int64($0) }
        guard stated != nil || body["msg"] != nil || body["data"] != nil else { return nil }
        code = stated.map { Int(clamping: $0) } ?? reply.status
        data = body["data"] ?? .null
        verdict = SunoEnvelope.verdict(code, body["msg"]?.string ?? "", profile)
        retryAfter = reply.retryAfter
    }

    private static func verdict(_ code: Int, _ text: String, _ profile: SunoProfile) -> SunoVerdict? {
        if code == 200 { return nil }
        if code == 500, profile.complainsWith500, text.lowercased().contains("is required") {
            return .badRequest
        }
        if let verdict = profile.verdicts[code] { return verdict }
        // 408 and 499: something in between gave up waiting for an answer.
        return (400..<500).contains(code) && code != 408 && code != 499 ? .refused : .broken
    }

    /// The verdict as a failure; `nil` for success.
    var failure: Failure? { verdict?.failure(code: code, retryAfter: retryAfter) }

    /// True after verdicts with which no job can be running: the documented refusals, and all others below 500.
    var isSurelyRefused: Bool {
        switch verdict {
        case nil, .broken?: false
        default: true
        }
    }
}
