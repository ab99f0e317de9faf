import HTTP
import JSON
import Sound

/// The vendor's error envelope: `{"detail": {"status", "message"}}`, or `{"detail": [{"loc", "msg", "type"}]}` with 422.
struct ElevenLabsError {
    let status: Int
    /// `detail.status`, or the first complaint's `type`.
    private let word: String?
    private let retryAfter: Duration?

    /// Reads an answer; `nil` when it is not the vendor's envelope.
    init?(_ reply: UpstreamReply) {
        guard let detail = reply.json?["detail"], !detail.isNull else { return nil }
        status = reply.status
        word = (detail["status"] ?? detail["code"] ?? detail[0]?["type"])?.string
        retryAfter = reply.retryAfter
    }

    /// True when the vendor itself said no: nothing was made, nothing is charged.
    ///
    /// At 408 and 499 something in between gave up waiting, and at 500 and above the work may have been done.
    var isSurelyRefused: Bool { (400..<500).contains(status) && status != 408 && status != 499 }

    /// The error as a failure; the vendor's sentences and its suggestion of another prompt stay out of it.
    var failure: Failure {
        let (code, message) = meaning
        return Failure(
            code,
            message,
            providerCode: word.flatMap { Self.isCode($0) ? $0 : nil } ?? String(status),
            retryAfter: [.rateLimited, .providerUnavailable].contains(code) ? retryAfter : nil
        )
    }

    private var meaning: (code: Failure.Code, message: String) {
        switch word {
        case "invalid_api_key": (.providerAuth, "the provider refused the key")
        case "missing_permissions": (.providerAuth, "the provider's key lacks a permission")
        // With status 401, of all numbers: the word has to tell it from a bad key.
        case "quota_exceeded": (.insufficientCredits, "the provider's account is out of credits")
        case "too_many_concurrent_requests": (.rateLimited, "the provider takes no more calls for now")
        case "system_busy": (.providerUnavailable, "the provider is busy")
        case "max_character_limit_exceeded": (.promptTooLong, "the provider says the prompt is too long")
        case "bad_prompt": (.contentPolicy, "the provider's moderation refused the prompt")
        default: meaningOfStatus
        }
    }

    /// 402 and 403 for credits and plans: seen in clients, not documented.
    private var meaningOfStatus: (code: Failure.Code, message: String) {
        switch status {
        case 401: (.providerAuth, "the provider refused the key")
        case 402: (.insufficientCredits, "the provider's account is out of credits")
        case 403: (.providerAuth, "the provider does not let this key do it")
        case 429: (.rateLimited, "the provider takes no more calls for now")
        case 400, 422: (.providerRejected, "the provider refused the parameters")
        default: (.providerRejected, "the provider refused the request")
        }
    }

    /// A short word and not a sentence, which might quote what we sent.
    private static func isCode(_ word: String) -> Bool {
        !word.isEmpty && word.utf8.count <= 64
            && word.utf8.allSatisfy { ByteClass.unreserved.contains($0) }
    }
}

extension SubmitError {
    /// What an answer with another status than 200 says about a call that makes audio.
    init(_ error: ElevenLabsError?, of reply: UpstreamReply) {
        if let error, error.isSurelyRefused {
            self = .refused(error.failure)
        } else {
            self = .unknown("status \(reply.status) in answer to the call")
        }
    }
}
