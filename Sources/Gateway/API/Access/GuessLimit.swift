import Timing

/// How many wrong keys may come from one place.
///
/// Pure, and bounded: where more places are at it than fit, those that come last share what one of them may do.
package struct GuessLimit<Place: Hashable & Sendable>: Sendable {
    /// A person who tries what is in the drawer gets through; a machine gets twenty a minute.
    static var pace: Pace { Pace(count: 20, per: .seconds(60)) }

    private let most: Int
    private var quietAt: [Place: UInt64] = [:]
    private var othersQuietAt: UInt64 = 0
    private var sweptAt: UInt64 = 0

    /// A table of so many places.
    package init(most: Int = 4096) { self.most = most }

    /// Counts a wrong key; how long until the next one may come when this one came too soon.
    package mutating func take(_ place: Place, at now: UInt64) -> Duration? {
        makeRoom(for: place, at: now)
        let isKnown = quietAt[place] != nil || quietAt.count < most
        let standing = Self.pace.take(isKnown ? quietAt[place] ?? 0 : othersQuietAt, at: now)
        if isKnown { quietAt[place] = standing.quietAt } else { othersQuietAt = standing.quietAt }
        return standing.wait
    }

    /// How long until a place may try a key again; `nil` when it may.
    package func wait(_ place: Place, at now: UInt64) -> Duration? {
        let known = quietAt[place] ?? (quietAt.count < most ? 0 : othersQuietAt)
        return Self.pace.look(known, at: now).wait
    }

    /// Forgets places of which nothing is left to remember; looks for them once a second at most.
    private mutating func makeRoom(for place: Place, at now: UInt64) {
        guard quietAt.count >= most, quietAt[place] == nil, now &- sweptAt >= 1_000_000_000 else { return }
        sweptAt = now
        quietAt = quietAt.filter { $0.value > now }
    }
}
