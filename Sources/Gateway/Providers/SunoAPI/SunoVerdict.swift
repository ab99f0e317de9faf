import Sound

/// What a code other than success says, whichever number a host has for it.
enum SunoVerdict: Sendable {
    case badRequest, badKey, noCredits, unknown, tooFast, promptTooLong, maintenance
    /// The host does not offer the operation for now.
    case switchedOff
    /// A refusal that the host's table does not explain.
    case refused
    /// An error of the host's own.
    case broken

    /// The failure in the gateway's words.
    func failure(code: Int, retryAfter: Duration?) -> Failure {
        Failure(
            meaning.code,
            meaning.message,
            providerCode: String(code),
            retryAfter: passesWithTime ? retryAfter : nil
        )
    }

    private var meaning: (code: Failure.Code, message: String) {
        switch self {
        case .badRequest: (.providerRejected, "the provider refused the parameters")
        case .badKey: (.providerAuth, "the provider refused the key")
        case .noCredits: (.insufficientCredits, "the provider's account is out of credits")
        case .unknown: (.providerRejected, "the provider does not know the path or the task")
        case .tooFast: (.rateLimited, "the provider takes no more calls for now")
        case .promptTooLong: (.promptTooLong, "the provider says the prompt is too long")
        case .maintenance: (.providerUnavailable, "the provider is under maintenance")
        case .switchedOff: (.providerRejected, "the provider has switched this operation off")
        case .refused: (.providerRejected, "the provider refused the request")
        case .broken: (.providerUnavailable, "the provider has an error")
        }
    }

    private var passesWithTime: Bool {
        switch self {
        case .tooFast, .maintenance, .broken: true
        default: false
        }
    }
}
