package import Sound

/// The places at a provider: so many jobs at once per credential, and a line of calls that wait for one.
///
/// Pure bookkeeping: `next` names the call whose turn it is and the credential that it gets, the one with the most
/// room and then the fewest uses.
package struct SlotQueue: Sendable {
    /// One credential's places; `name` is `nil` for a provider without keys.
    private struct Place: Sendable {
        let name: String?
        let capacity: Int
        var used = 0
        var uses = 0
        /// Was refused a moment ago: only used when no other is free.
        var isResting = false
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

    /// Places from credential names and capacities.
    package init(credentials: [(name: String, capacity: Int)], withoutKeys capacity: Int) {
        places = credentials.map { Place(name: $0.name, capacity: $0.capacity) }
        if places.isEmpty { places = [Place(name: nil, capacity: capacity)] }
    }

    /// Places in all.
    package var capacity: Int { places.reduce(0) { $0 + $1.capacity } }
    /// Calls that wait.
    package var depth: Int { waiting.count }
    /// Places taken.
    package var used: Int { places.reduce(0) { $0 + $1.used } }

    /// Puts a call at the end of the line and returns its ticket; one that waits already keeps its place.
    package mutating func join(_ seat: Seat) -> Int {
        if let ticket = waiting[seat] { return ticket }
        lastTicket += 1
        waiting[seat] = lastTicket
        line.append(Waiting(seat: seat, ticket: lastTicket))
        return lastTicket
    }

    /// Takes a call out of the line.
    package mutating func leave(_ seat: Seat) { waiting[seat] = nil }

    /// Gives the first call in line a place, when there is one.
    package mutating func next() -> (seat: Seat, credential: String?)? {
        while head < line.count {
            let first = line[head]
            guard waiting[first.seat] == first.ticket else {
                advance()
                continue
            }
            guard let index = freest() else { return nil }
            advance()
            served = first.ticket
            waiting[first.seat] = nil
            places[index].used += 1
            places[index].uses += 1
            return (first.seat, places[index].name)
        }
        return nil
    }

    /// Counts a place as taken for a job that was under way before this process began.
    package mutating func hold(_ credential: String?) {
        if let index = places.firstIndex(where: { $0.name == credential }) { places[index].used += 1 }
    }

    /// Gives a place back.
    package mutating func release(_ credential: String?) {
        if let index = places.firstIndex(where: { $0.name == credential }) {
            places[index].used = max(0, places[index].used - 1)
        }
    }

    /// Marks a credential that was refused, or that has rested.
    package mutating func setResting(_ credential: String?, _ isResting: Bool) {
        if let index = places.firstIndex(where: { $0.name == credential }) {
            places[index].isResting = isResting
        }
    }

    private func freest() -> Int? {
        places.indices.filter { places[$0].used < places[$0].capacity }.min { a, b in
            let (x, y) = (places[a], places[b])
            if x.isResting != y.isResting { return y.isResting }
            let (freeX, freeY) = (x.capacity - x.used, y.capacity - y.used)
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
