import HTTP
import Timing

/// What came of a request at the door.
enum Entrance: Sendable {
    /// Somebody whom the gateway answers; `rate` is how things stand with the rate limit, where there is one.
    case admitted(Caller, rate: Pace.Standing?)
    case refused(Refused)

    /// Who is calling; throws what the caller is told instead.
    var caller: Caller {
        get throws(Refused) {
            switch self {
            case .refused(let refused): throw refused
            case .admitted(let caller, let rate):
                if caller.limits.isEnforced, let pace = caller.limits.pace, let wait = rate?.wait {
                    throw Refused(
                        ProblemDetails(
                            .tooManyRequests,
                            code: "rate_limited",
                            detail:
                                "This client may make \(pace.count) requests in \(seconds(pace.per)) seconds, and has made them; come back after the seconds in Retry-After."
                        ),
                        retryAfter: wait
                    )
                }
                return caller
            }
        }
    }
}

/// A request that is turned away, with the time after which it may come again.
struct Refused: Error {
    let problem: ProblemDetails
    /// Whole seconds, at least one; `nil` when coming again changes nothing.
    let retryAfter: Int?

    init(_ problem: ProblemDetails, retryAfter: Duration? = nil) {
        self.problem = problem
        self.retryAfter = retryAfter.map { Int(max(1, ($0 / .seconds(1)).rounded(.up))) }
    }
}
