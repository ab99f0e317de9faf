/// Why a task, an attempt or an output failed: who is at fault, and whether trying again can help.
///
/// The message is shown to callers: it never quotes a body, a header, a prompt or a secret.
package struct Failure: Error, Sendable, Hashable {
    /// What went wrong, in the gateway's own words; stable, part of the API.
    package struct Code: Sendable, Hashable, RawRepresentable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        package static let invalidRequest = Code(rawValue: "invalid_request")
        package static let noProvider = Code(rawValue: "no_provider")
        package static let promptTooLong = Code(rawValue: "prompt_too_long")
        package static let contentPolicy = Code(rawValue: "content_policy")
        package static let providerAuth = Code(rawValue: "provider_auth")
        package static let insufficientCredits = Code(rawValue: "insufficient_credits")
        package static let rateLimited = Code(rawValue: "rate_limited")
        package static let providerUnavailable = Code(rawValue: "provider_unavailable")
        package static let providerRejected = Code(rawValue: "provider_rejected")
        package static let providerFailed = Code(rawValue: "provider_failed")
        package static let badResult = Code(rawValue: "bad_result")
        package static let deadlineExceeded = Code(rawValue: "deadline_exceeded")
        package static let acceptanceUnknown = Code(rawValue: "acceptance_unknown")
        package static let canceled = Code(rawValue: "canceled")
        package static let `internal` = Code(rawValue: "internal")
    }

    /// Who has to act.
    package enum Origin: String, Sendable { case caller, gateway, provider }

    package let code: Code
    package let origin: Origin
    /// The same request may succeed later.
    package let retryable: Bool
    package let message: String
    /// The vendor's own code, as it came.
    package let providerCode: String?
    /// How long the vendor asked us to wait.
    package let retryAfter: Duration?

    /// A failure with the origin and the retry advice that its code usually has.
    package init(
        _ code: Code,
        _ message: String,
        origin: Origin? = nil,
        retryable: Bool? = nil,
        providerCode: String? = nil,
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.message = message
        self.origin = origin ?? code.usualOrigin
        self.retryable = retryable ?? code.isUsuallyRetryable
        self.providerCode = providerCode
        self.retryAfter = retryAfter
    }

    /// True for failures of a submit that another provider may take up.
    package var mayMoveOn: Bool {
        [
            .rateLimited, .providerUnavailable, .insufficientCredits, .providerAuth, .promptTooLong,
            .providerFailed,
        ]
        .contains(code)
    }
}

extension Failure.Code {
    var usualOrigin: Failure.Origin {
        switch self {
        case .invalidRequest, .noProvider, .promptTooLong, .contentPolicy, .canceled: .caller
        case .internal, .providerAuth, .insufficientCredits: .gateway
        default: .provider
        }
    }

    var isUsuallyRetryable: Bool {
        [
            .rateLimited, .providerUnavailable, .insufficientCredits, .providerFailed, .badResult,
            .deadlineExceeded, .internal,
        ]
        .contains(self)
    }
}
