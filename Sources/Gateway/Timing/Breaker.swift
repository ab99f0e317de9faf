import EventLoop

/// Keeps calls from a peer that has just failed again and again, and finds out with single calls when it is back.
///
/// Pure bookkeeping over monotonic nanoseconds. Only failures that are the peer's count: an unreachable host, a lost
/// answer, an error of its own. A refusal is an answer, and shows that it is there.
package struct Breaker: Sendable, Equatable {
    /// How a breaker stands.
    package enum State: String, Sendable, CaseIterable {
        /// Calls go through.
        case closed
        /// No call goes through before a time.
        case open
        /// One call finds out.
        case halfOpen = "half_open"
    }

    /// Failures in a row before it opens.
    private static let patience = 5
    private static let firstPause = Duration.seconds(5)
    private static let longestPause = Duration.seconds(120)

    private var failures = 0
    private var pause = Breaker.firstPause
    private var openUntil: UInt64?
    private var isProbing = false

    /// A closed breaker.
    package init() {}

    /// How it stands at a time.
    package func state(at now: UInt64) -> State {
        guard let openUntil else { return .closed }
        return now < openUntil ? .open : .halfOpen
    }

    /// Whether a call may go out; a call that may must be followed by ``succeeded()``, ``failed(at:)`` or
    /// ``abandoned()``.
    package mutating func admits(at now: UInt64) -> Bool {
        switch state(at: now) {
        case .closed: return true
        case .open: return false
        case .halfOpen:
            guard !isProbing else { return false }
            isProbing = true
            return true
        }
    }

    /// How long until it is worth trying again; zero when a call may go out.
    package func wait(at now: UInt64) -> Duration {
        guard let openUntil else { return .zero }
        guard openUntil > now else { return isProbing ? Self.firstPause : .zero }
        return .nanoseconds(Int64(clamping: openUntil - now))
    }

    /// The peer answered.
    package mutating func succeeded() { self = Breaker() }

    /// The peer failed; the result is whether the breaker has just opened.
    package mutating func failed(at now: UInt64) -> Bool {
        failures += 1
        let wasProbe = isProbing
        isProbing = false
        // Calls that went out before it opened say nothing new.
        guard wasProbe || (openUntil == nil && failures >= Self.patience) else { return false }
        openUntil = now &+ pause.wholeNanoseconds
        pause = min(pause * 2, Self.longestPause)
        return true
    }

    /// Others have found that the peer fails: as if it had opened here, until then.
    package mutating func open(until: UInt64) {
        failures = max(failures, Self.patience)
        isProbing = false
        openUntil = max(openUntil ?? 0, until)
    }

    /// The call ended without telling anything of the peer.
    package mutating func abandoned() { isProbing = false }
}
