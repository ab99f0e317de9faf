import EventLoop
package import Sound

/// Whether a key can be used, as its vendor has last answered it; times are monotonic nanoseconds.
package enum KeyState: Sendable, Equatable {
    case usable
    /// The vendor does not take the key: not used again before the configuration changes.
    case setAside
    /// The account is empty: left alone for a while, then tried with one call.
    case outOfCredit(until: UInt64)
    /// The vendor wants no calls for a while.
    case limited(until: UInt64)

    /// The state after a refusal, where it is about the key.
    package init?(after failure: Failure, at now: UInt64) {
        func after(_ span: Duration) -> UInt64 { now &+ span.wholeNanoseconds }
        switch failure.code {
        case .providerAuth: self = .setAside
        case .insufficientCredits: self = .outOfCredit(until: after(.seconds(300)))
        case .rateLimited:
            let asked = min(max(failure.retryAfter ?? .seconds(5), .seconds(1)), .seconds(300))
            self = .limited(until: after(asked))
        default: return nil
        }
    }

    /// When it may be used again; `nil` for at once or for never.
    package var until: UInt64? {
        switch self {
        case .usable, .setAside: nil
        case .outOfCredit(let until), .limited(let until): until
        }
    }

    /// Every word that there is for a state.
    static let words = ["usable", "set_aside", "out_of_credit", "limited"]

    /// A word for what callers see.
    package var word: String {
        switch self {
        case .usable: "usable"
        case .setAside: "set_aside"
        case .outOfCredit: "out_of_credit"
        case .limited: "limited"
        }
    }
}
