package import Timing

/// What gateways that share a ledger may do with a key, all together.
///
/// Each has a share of the key's places and gives back what it has no use for; nobody asks for each single call.
package protocol KeyLimits: Sendable {
    /// Says how many places of a key a holder has in use and how many it would like in all, and returns how many it may
    /// use from now on.
    ///
    /// All shares together are at most `capacity`, but for places that are in use already. Whoever wants more than it has
    /// while others have none is given, and left, no more than an even part.
    func share(
        of key: KeyName,
        capacity: Int,
        using: Int,
        wanting: Int,
        holder: LeaseHolder
    ) async throws(LedgerError) -> KeyShare
    /// Reserves up to so many starts with a key that may have `count` within `per`, and returns how long from now each
    /// of them begins to hold.
    ///
    /// A start holds for ``KeyStart/hold(per:)``, and however late in it each is used, never more than `count` fall
    /// within `per`.
    func reserveStarts(
        with key: KeyName,
        count: Int,
        per: Duration,
        wanting: Int
    ) async throws(LedgerError) -> [Duration]
    /// Takes up to so many requests of a client off its rate for all gateways together.
    func takeRequests(of client: String, pace: Pace, wanting: Int) async throws(LedgerError) -> RequestBlock
}

/// What a reserved start with a key comes to.
package enum KeyStart {
    /// How long it holds from when it begins to, for a rate within such a span.
    package static func hold(per: Duration) -> Duration { min(per / 8, .milliseconds(500)) }
}

/// A holder's part of a key's places.
package struct KeyShare: Sendable, Equatable {
    /// How many places it may use.
    package let places: Int
    /// Whether another holder has fewer than it wants.
    package let othersWant: Bool

    /// A share of so many places.
    package init(places: Int, othersWant: Bool) {
        self.places = places
        self.othersWant = othersWant
    }
}

/// Requests that one gateway may let in without asking again.
package struct RequestBlock: Sendable, Equatable {
    package let count: Int
    /// How many more there are for everybody, for what clients are told.
    package let remaining: Int
    /// Until all of them are there again.
    package let reset: Duration
    /// Until it is worth asking again, when there are none.
    package let wait: Duration?

    /// A block of so many requests.
    package init(count: Int, remaining: Int, reset: Duration, wait: Duration?) {
        self.count = count
        self.remaining = remaining
        self.reset = reset
        self.wait = wait
    }
}
