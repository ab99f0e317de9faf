import HTTP
import JSON
import Sound

/// The vendor's error envelope: `{"message", "code"}` with a true HTTP status.
struct VideoGenError {
    /// The codes of an error, of a call's or of an execution's.
    struct Words {
        /// `code`, else the requirement's type, else the vendor's internal code.
        let code: String?
        private let requirement: String?

        init(_ error: JSONValue) {
            requirement = error["requirement"]?["type"]?.string
            let number = error["code"]?.integer.map { String($0) }
            let words = [error["code"]?.string, requirement, error["internalErrorCode"]?.string, number]
            code = words.lazy.compactMap { $0 }.first { word in
                // A short word and not a sentence, which might quote what we sent.
                !word.isEmpty && word.utf8.count <= 64
                    && word.utf8.allSatisfy { ByteClass.unreserved.contains($0) }
            }
        }

        /// `insufficient_credits` is documented; the requirements are among the SDK's examples.
        var isAboutMoney: Bool {
            code == "insufficient_credits"
                || ["purchase_add_on", "upgrade_plan"].contains(requirement ?? "")
        }

        /// A guess at names: no code for moderation is documented.
        var isAboutContent: Bool {
            let code = code?.lowercased() ?? ""
            return ["content_policy", "moderation", "safety"].contains { code.contains($0) }
        }

        var isAboutKey: Bool { ["missing_api_key", "invalid_api_key"].contains(code ?? "") }
    }

    private let status: Int
    private let words: Words
    private let retryAfter: Duration?

    /// Reads an answer; `nil` when it is not the vendor's envelope.
    init?(_ reply: UpstreamReply) {
        guard let body = reply.json, body["message"]?.string != nil || body["code"]?.string != nil else {
            return nil
        }
        status = reply.status
        words = Words(.object(body))
        retryAfter = reply.retryAfter
    }

    /// True when the vendor itself said no: nothing was started, nothing is charged.
    ///
    /// At 408 and 499 something in between gave up waiting, and at 500 and above the job may have been taken.
    var isSurelyRefused: Bool { (400..<500).contains(status) && status != 408 && status != 499 }

    var isUnauthorized: Bool { words.isAboutKey || status == 401 || status == 403 }

    var isUnknownJob: Bool { status == 404 || words.code == "invalid_id" }

    /// The error as a failure, without the vendor's sentence.
    var failure: Failure {
        let (code, message) = meaning
        return Failure(
            code,
            message,
            providerCode: words.code ?? String(status),
            retryAfter: [.rateLimited, .providerUnavailable].contains(code) ? retryAfter : nil
        )
    }

    private var meaning: (code: Failure.Code, message: String) {
        if words.isAboutKey { return (.providerAuth, "the provider refused the key") }
        if words.isAboutMoney {
            return (.insufficientCredits, "the provider's account is out of credits")
        }
        if words.isAboutContent {
            return (.contentPolicy, "the provider's moderation refused the prompt")
        }
        return switch status {
        case 401: (.providerAuth, "the provider refused the key")
        case 402: (.insufficientCredits, "the provider's account is out of credits")
        case 403: (.providerAuth, "the provider does not let this key do it")
        case 404: (.providerRejected, "the provider does not know the path or the job")
        case 429: (.rateLimited, "the provider takes no more calls for now")
        case 500...: (.providerUnavailable, "the provider has an error")
        case 400: (.providerRejected, "the provider refused the parameters")
        default: (.providerRejected, "the provider refused the request")
        }
    }
}

extension SubmitError {
    /// What an answer other than a success says about a create.
    init(_ error: VideoGenError?, of reply: UpstreamReply) {
        if let error, error.isSurelyRefused {
            self = .refused(error.failure)
        } else {
            self = .unknown("status \(reply.status) in answer to the call")
        }
    }
}

extension PollError {
    /// What an answer other than a success says about a job or a file.
    init(_ error: VideoGenError?, of reply: UpstreamReply) {
        if let error, error.isSurelyRefused, error.isUnauthorized {
            self = .unauthorized(error.failure)
        } else if let error, error.isSurelyRefused, error.isUnknownJob {
            self = .notFound(error.failure)
        } else {
            self = .transient("status \(reply.status) while asking", retryAfter: reply.retryAfter)
        }
    }
}
