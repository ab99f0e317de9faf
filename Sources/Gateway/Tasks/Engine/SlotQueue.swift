package import Sound

/// The places at a provider: so many jobs at once per credential, and a line of calls that wait for one.
///
/// Pure bookkeeping: `next` names the call whose turn it is and the credential that it gets, the one with the most
/// room and then the fewest uses.
package struct SlotQueue: Sendable {
    /// One credential as the queue is told of it.
    package struct Key: Sendable {
        package let name: String
        /// Jobs at once.
        package let capacity: Int
        /// At most so many starts within so many nanoseconds; `nil` without a limit.
        package let rate: (count: Int, nanoseconds: UInt64)?
        /// Whether other gateways use it too: then nothing begins with it but within this one's share.
        package let isShared: Bool

        /// A key and its limits.
        package init(
            _ name: String,
            capacity: Int,
            rate: (count: Int, nanoseconds: UInt64)? = nil,
            isShared: Bool = false
        ) {
            self.name = name
            self.capacity = capacity
            self.rate = rate
            self.isShared = isShared
        }
    }

    /// A start with a shared key that was reserved: when it may be, from and until.
    package struct Permit: Sendable, Equatable {
        package let from: UInt64
        package let until: UInt64

        /// A start between two monotonic times.
        package init(from: UInt64, until: UInt64) {
            self.from = from
            self.until = until
        }
    }

    /// One credential's places; `name` is `nil` for a provider without keys.
    private struct Place: Sendable {
        let name: String?
        var capacity: Int
        var rate: (count: Int, nanoseconds: UInt64)?
        /// No longer among the keys: nothing begins here, and it is kept for what is under way.
        var isRemoved = false
        var used = 0
        var uses = 0
        /// When the last calls began, no more of them than the rate counts.
        var starts: [UInt64] = []
        var state = KeyState.usable
        /// How many places of a shared key are this gateway's; `nil` for a key of its own.
        var share: Int?
        /// Reserved starts with a shared key, the earliest first.
        var permits: [Permit] = []

        /// How many jobs there may be.
        var most: Int { share.map { min($0, capacity) } ?? capacity }

        /// When a call may begin; `nil` when that does not depend on the time.
        func opening(at now: UInt64) -> UInt64? {
            guard used < most, !isRemoved else { return nil }
            var opening = now
            switch state {
            case .usable: break
            case .setAside: return nil
            case .limited(let until): opening = max(opening, until)
            case .outOfCredit(let until):
                // One call finds out whether there is money again.
                guard used == 0 else { return nil }
                opening = max(opening, until)
            }
            if rate != nil, share != nil {
                guard let permit = permits.first(where: { $0.until > opening }) else { return nil }
                opening = max(opening, permit.from)
            } else if let rate, starts.count >= rate.count {
                opening = max(opening, starts[starts.count - rate.count] &+ rate.nanoseconds)
            }
            return opening
        }

        mutating func begin(at now: UInt64) {
            used += 1
            uses += 1
            guard let rate else { return }
            if share != nil {
                permits.removeAll { $0.until <= now }
                if !permits.isEmpty { permits.removeFirst() }
                return
            }
            starts.append(now)
            if starts.count > rate.count { starts.removeFirst(starts.count - rate.count) }
        }
    }

    /// A call of a task that waits.
    package struct Seat: Sendable, Hashable {
        package let task: TaskID
        /// The id of the waiting call.
        package let request: Int

        /// A call of a task.
        package init(_ task: TaskID, _ request: Int) {
            self.task = task
            self.request = request
        }
    }

    private struct Waiting: Sendable {
        let seat: Seat
        let ticket: Int
    }

    private var places: [Place]
    private var line: [Waiting] = []
    private var head = 0
    private var lastTicket = 0
    private var waiting: [Seat: Int] = [:]
    /// The ticket of the last call that got its turn.
    package private(set) var served = 0
    /// Whether anybody may join.
    package private(set) var isOpen: Bool

    /// Places from keys, or so many for a provider without keys.
    package init(keys: [Key], withoutKeys capacity: Int, isOpen: Bool = true) {
        self.isOpen = isOpen
        places = Self.places(keys, capacity)
    }

    private static func places(_ keys: [Key], _ capacity: Int) -> [Place] {
        let places = keys.map {
            Place(name: $0.name, capacity: $0.capacity, rate: $0.rate, share: $0.isShared ? 0 : nil)
        }
        return places.isEmpty ? [Place(name: nil, capacity: capacity)] : places
    }

    /// Takes up other keys.
    ///
    /// What is under way under a name, and when the last calls began, counts on under that name.
    /// What the vendor said of a key that is among `renewed` is forgotten: its value is another one. A line that is
    /// closed keeps who stands in it; whoever closes it sends them away.
    package mutating func update(keys: [Key], withoutKeys capacity: Int, renewed: Set<String>, isOpen: Bool) {
        self.isOpen = isOpen
        var next = Self.places(keys, capacity)
        for index in next.indices {
            guard let old = places.first(where: { $0.name == next[index].name }) else { continue }
            next[index].used = old.used
            next[index].uses = old.uses
            next[index].starts = old.starts
            if next[index].share != nil {
                next[index].share = old.share ?? 0
                next[index].permits = old.permits
            }
            let isRenewed = next[index].name.map(renewed.contains) ?? false
            next[index].state = isRenewed ? .usable : old.state
        }
        for var old in places where old.used > 0 && !next.contains(where: { $0.name == old.name }) {
            old.isRemoved = true
            next.append(old)
        }
        // A new key has not begun anything yet: level with the others, it does not get every turn for that alone.
        let most = next.map(\.uses).max() ?? 0
        for index in next.indices where next[index].uses == 0 { next[index].uses = most }
        places = next
    }

    /// Places in all.
    package var capacity: Int { places.reduce(0) { $0 + ($1.isRemoved ? 0 : $1.most) } }
    /// Whether a place is free, whatever its key's state.
    var hasRoom: Bool { places.contains { !$0.isRemoved && $0.used < $0.most } }
    /// Calls that wait.
    package var depth: Int { waiting.count }
    /// Places taken.
    package var used: Int { places.reduce(0) { $0 + $1.used } }

    /// Puts a call at the end of the line and returns its ticket; one that waits already keeps its place.
    ///
    /// `nil` when nobody may join.
    package mutating func join(_ seat: Seat) -> Int? {
        guard isOpen else { return nil }
        if let ticket = waiting[seat] { return ticket }
        lastTicket += 1
        waiting[seat] = lastTicket
        line.append(Waiting(seat: seat, ticket: lastTicket))
        return lastTicket
    }

    /// Takes a call out of the line.
    package mutating func leave(_ seat: Seat) { waiting[seat] = nil }

    /// Gives the first call in line a place, when there is one at that time.
    package mutating func next(at now: UInt64 = 0) -> (seat: Seat, credential: String?)? {
        while isOpen, head < line.count {
            let first = line[head]
            guard waiting[first.seat] == first.ticket else {
                advance()
                continue
            }
            guard let index = freest(at: now) else { return nil }
            advance()
            served = first.ticket
            waiting[first.seat] = nil
            places[index].begin(at: now)
            return (first.seat, places[index].name)
        }
        return nil
    }

    /// Counts a place as taken for a job that was under way before this process began.
    package mutating func hold(_ credential: String?) {
        if let index = places.firstIndex(where: { $0.name == credential }) {
            places[index].used += 1
        } else {
            // A key that is configured no longer: nobody can ask with it, but the vendor is at work.
            var place = Place(name: credential, capacity: 0)
            place.isRemoved = true
            place.used = 1
            places.append(place)
        }
    }

    /// Gives a place back.
    package mutating func release(_ credential: String?) {
        if let index = places.firstIndex(where: { $0.name == credential }) {
            places[index].used = max(0, places[index].used - 1)
            if places[index].isRemoved, places[index].used == 0 { places.remove(at: index) }
        }
    }

    /// When the first place opens by itself, for a line that waits and cannot go on now.
    package func nextOpening(at now: UInt64) -> UInt64? {
        guard depth > 0 else { return nil }
        return places.compactMap { $0.opening(at: now) }.min().flatMap { $0 > now ? $0 : nil }
    }

    /// Why no key can serve anybody now nor soon; `nil` while one can.
    package func hopelessness(at now: UInt64) -> Failure.Code? {
        var code: Failure.Code? = .providerAuth
        guard isOpen else { return nil }
        for place in places where !place.isRemoved {
            switch place.state {
            case .setAside: continue
            case .outOfCredit(let until) where until > now: code = .insufficientCredits
            default: return nil
            }
        }
        return code
    }

    /// Whether a call could begin, or wait for its turn, with a key that its vendor has not refused.
    package func hasKey(besides name: String?) -> Bool {
        isOpen && places.contains { $0.name != name && $0.state == .usable && !$0.isRemoved }
    }

    /// Empties the line and returns who stood in it, first to last.
    package mutating func dismissAll() -> [Seat] {
        defer {
            waiting = [:]
            line = []
            head = 0
        }
        return line[head...].filter { waiting[$0.seat] == $0.ticket }.map(\.seat)
    }

    /// Takes in what the vendor said of a key.
    package mutating func mark(_ credential: String?, _ state: KeyState) {
        guard let index = places.firstIndex(where: { $0.name == credential }) else { return }
        if places[index].state != .setAside { places[index].state = state }
    }

    /// Takes in that the vendor took a call with a key; an answer to a call from before a refusal changes nothing.
    package mutating func markUsable(_ credential: String?, at now: UInt64) {
        guard let index = places.firstIndex(where: { $0.name == credential }),
            places[index].state != .setAside, places[index].state.until ?? 0 <= now
        else { return }
        places[index].state = .usable
    }

    /// Each key's state and how many places of it are taken.
    package var keys: [String: (state: KeyState, used: Int)] {
        places.reduce(into: [:]) { keys, place in
            if let name = place.name { keys[name] = (place.state, place.used) }
        }
    }

    // MARK: Shared keys

    /// What is used and held of a shared key.
    package struct Stake: Sendable, Equatable {
        package let name: String
        /// Jobs at once, for all gateways together.
        package let capacity: Int
        package let share: Int
        package let used: Int
        /// Reserved starts that can still be used.
        package let permits: Int
        /// Whether starts have to be reserved: so many within so many nanoseconds.
        package let rate: (count: Int, nanoseconds: UInt64)?

        package static func == (a: Stake, b: Stake) -> Bool {
            a.name == b.name && a.capacity == b.capacity && a.share == b.share && a.used == b.used
                && a.permits == b.permits && a.rate?.count == b.rate?.count
                && a.rate?.nanoseconds == b.rate?.nanoseconds
        }
    }

    /// What is used and held of each shared key; of one that was taken away, what is still under way with it.
    package func stakes(at now: UInt64) -> [Stake] {
        places.compactMap { place in
            guard let name = place.name, let share = place.share else { return nil }
            return Stake(
                name: name,
                capacity: place.isRemoved ? 0 : place.capacity,
                share: share,
                used: place.used,
                permits: place.permits.count { $0.until > now },
                rate: place.rate
            )
        }
    }

    /// Takes up how many places of a shared key are this gateway's.
    package mutating func setShare(of name: String, _ share: Int) {
        guard let index = places.firstIndex(where: { $0.name == name && $0.share != nil }) else { return }
        places[index].share = share
    }

    /// Adds reserved starts with a shared key.
    package mutating func add(_ permits: [Permit], for name: String) {
        guard let index = places.firstIndex(where: { $0.name == name && $0.share != nil }) else { return }
        places[index].permits = (places[index].permits + permits).sorted { $0.from < $1.from }
    }

    private func freest(at now: UInt64) -> Int? {
        places.indices.filter { places[$0].opening(at: now).map { $0 <= now } ?? false }.min { a, b in
            let (x, y) = (places[a], places[b])
            let (freeX, freeY) = (x.most - x.used, y.most - y.used)
            return freeX != freeY ? freeX > freeY : x.uses < y.uses
        }
    }

    private mutating func advance() {
        head += 1
        if head > 1024, head * 2 > line.count {
            line.removeFirst(head)
            head = 0
        }
    }
}
