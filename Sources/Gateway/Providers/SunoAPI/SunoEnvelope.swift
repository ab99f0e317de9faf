import JSON
import Sound

/// `{"code", "msg", "data"}`: the true outcome of a call, which HTTP status 200 says nothing about.
struct SunoEnvelope {
    /// The body's `code` when it is a number, else the HTTP status.
    let code: Int
    let data: JSONValue
    private let retryAfter: Duration?

    /// Reads an answer; `nil` when it is not the vendor's envelope.
    init?(_ reply: UpstreamReply) {
        guard let body = reply.json else { return nil }
        let stated = body["code"]?.integer ?? body["code"]?.string.flatMap { Int64($0) }
        guard stated != nil || body["msg"] != nil || body["data"] != nil else { return nil }
        code = stated.map { Int(clamping: $0) } ?? reply.status
        data = body["data"] ?? .null
        retryAfter = reply.retryAfter
    }

    /// `nil` for success; else the documented table of status codes.
    var failure: Failure? {
        let own = String(code)
        switch code {
        case 200: return nil
        case 400: return Failure(.providerRejected, "the provider refused the parameters", providerCode: own)
        case 401: return Failure(.providerAuth, "the provider refused the key", providerCode: own)
        case 404:
            return Failure(
                .providerRejected,
                "the provider does not know the path or the task",
                providerCode: own
            )
        case 405, 430:
            return Failure(
                .rateLimited,
                "the provider takes no more calls for now",
                providerCode: own,
                retryAfter: retryAfter
            )
        case 413:
            return Failure(.promptTooLong, "the provider says the prompt is too long", providerCode: own)
        // Here 429 is the account's balance, not the pace.
        case 429:
            return Failure(
                .insufficientCredits,
                "the provider's account is out of credits",
                providerCode: own
            )
        case 455:
            return Failure(
                .providerUnavailable,
                "the provider is under maintenance",
                providerCode: own,
                retryAfter: retryAfter
            )
        case 402, 403, 406...499:
            return Failure(.providerRejected, "the provider refused the request", providerCode: own)
        default:
            return Failure(
                .providerUnavailable,
                "the provider has an error",
                providerCode: own,
                retryAfter: retryAfter
            )
        }
    }

    /// True for codes after which no job can be running: the documented refusals, all below 500.
    ///
    /// 408 and 499 are not among them: there something in between gave up waiting for an answer.
    var isSurelyRefused: Bool { (400..<500).contains(code) && code != 408 && code != 499 }
}
