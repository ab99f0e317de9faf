/// How the places of a key are divided between the holders who want some.
///
/// Pure: a store reads what each holder has, asks here, and writes the answer in one transaction.
package enum KeyDivision {
    /// What a holder has of a key and how much it last wanted, in all.
    package struct Stake: Sendable, Equatable {
        package let places: Int
        package let wanted: Int

        /// A stake of so many places, by one who wants so many.
        package init(places: Int, wanted: Int) {
            self.places = places
            self.wanted = wanted
        }
    }

    /// How many places an asker may have from now on.
    ///
    /// What it uses it keeps. Beyond that it gets what it wants of what the others leave, but while one of those has less
    /// than an even part, no more than such a part itself; where there are more holders than places, whoever is done
    /// with one leaves it to the next.
    ///
    /// - Parameters:
    ///   - capacity: places in all.
    ///   - before: what the asker had.
    ///   - using: what it uses.
    ///   - wanting: what it would like to have.
    ///   - others: the other holders.
    /// - Returns: how many it may have, and whether others want more than they have.
    package static func share(
        of capacity: Int,
        before: Int,
        using: Int,
        wanting: Int,
        others: [Stake]
    ) -> KeyShare {
        let room = max(0, capacity - others.reduce(0) { $0 + $1.places })
        let parties = others.count { $0.wanted > 0 } + (wanting > 0 ? 1 : 0)
        let even = parties > 0 ? capacity / parties : capacity
        let areStarved = others.contains { $0.wanted > $0.places && $0.places < max(even, 1) }
        var places = min(wanting, room)
        if areStarved {
            // Who comes anew gets one; who gives back where there is not one for each is not the next in turn.
            places = min(places, even > 0 ? even : before == 0 ? 1 : using)
        }
        return KeyShare(
            places: max(places, using),
            othersWant: others.contains { $0.wanted > $0.places }
        )
    }

    /// When the next starts with a key may be, that is never used more than `count` times within `per`.
    ///
    /// - Parameters:
    ///   - wanting: how many are wanted; no more than `count` are given.
    ///   - count: how many there may be.
    ///   - per: the span, in nanoseconds.
    ///   - hold: for how long each may be used after it begins to hold, in nanoseconds.
    ///   - taken: the last starts, the earliest first, no more than `count`; in nanoseconds of the store's clock.
    ///   - now: that clock's time.
    /// - Returns: the new starts; the last `count` of both are to be kept.
    package static func starts(
        _ wanting: Int,
        count: Int,
        per: Int64,
        hold: Int64,
        after taken: [Int64],
        now: Int64
    ) -> [Int64] {
        var all = taken
        for _ in 0..<min(wanting, count) {
            // The one so many before it may be used at the end of its time, this one at its beginning.
            let earliest = all.count >= count ? all[all.count - count] + hold + per : now
            all.append(max(now, earliest))
        }
        return Array(all.dropFirst(taken.count))
    }
}
