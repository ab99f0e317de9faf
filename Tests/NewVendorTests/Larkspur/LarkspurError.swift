import JSON
import Providers
import Sound

/// The vendor's errors, `{"error": CODE}` beside a status, as ours.
enum LarkspurError {
    /// Every code that the vendor documents.
    private static let codes: [String: Failure.Code] = [
        "bad_key": .providerAuth,
        "no_funds": .insufficientCredits,
        "too_fast": .rateLimited,
        "unsafe_text": .contentPolicy,
        "bad_request": .providerRejected,
    ]

    /// What an answer to a create says that is no success.
    ///
    /// Only a documented code is a refusal. Whatever else comes may hide a job that was taken and is charged.
    static func submit(_ reply: UpstreamReply) -> SubmitError {
        guard let failure = failure(reply) else { return .unknown("status \(reply.status)") }
        return .refused(failure)
    }

    /// What an answer to a poll says that is no job.
    static func poll(_ reply: UpstreamReply) -> PollError {
        switch (reply.status, failure(reply)) {
        case (404, _): .notFound(Failure(.providerFailed, "the provider does not know the job"))
        case (_, let failure?) where failure.code == .providerAuth: .unauthorized(failure)
        default: .transient("status \(reply.status)", retryAfter: reply.retryAfter)
        }
    }

    private static func failure(_ reply: UpstreamReply) -> Failure? {
        guard (400..<500).contains(reply.status), let word = reply.json?["error"]?.string,
            let code = codes[word]
        else { return nil }
        // The vendor's sentence stays out of it: it may quote the prompt.
        return Failure(
            code,
            "the provider refused the request",
            providerCode: word,
            retryAfter: code == .rateLimited ? reply.retryAfter : nil
        )
    }
}
