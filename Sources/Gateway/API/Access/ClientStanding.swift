import HTTPServer
import Synchronization
import Threads
import Timing

/// What is counted of one client, as long as the process lives and whatever becomes of the configuration.
final class ClientStanding: Sendable {
    /// When nothing of its rate is in use any more, in monotonic nanoseconds.
    private let quietAt = Atomic<UInt64>(0)
    /// Creates between the look at its tasks and the ledger.
    private let entering = Guarded(0)
    /// Networks from which it has come in, the latest last.
    private let homes = Guarded<[PeerAddress]>([])
    /// What limits that are not enforced would have refused.
    private let spared = Atomic(0)

    private static let mostHomes = 16

    /// Counts a request, and tells how things stand with its rate.
    func take(_ pace: Pace, at now: UInt64) -> Pace.Standing {
        var known = quietAt.load(ordering: .relaxed)
        while true {
            let standing = pace.take(known, at: now)
            guard standing.wait == nil else { return standing }
            let (isDone, current) = quietAt.compareExchange(
                expected: known,
                desired: standing.quietAt,
                ordering: .relaxed
            )
            if isDone { return standing }
            known = current
        }
    }

    /// Counts a create that is about to be stored, unless there are as many tasks as there may be.
    ///
    /// `unfinished` tells those that are stored. What enters and is stored is counted twice for a moment, never not at all.
    func enter(below most: Int, unfinished: () -> Int) -> Bool {
        entering.withLock { count in
            guard unfinished() + count < most else { return false }
            count += 1
            return true
        }
    }

    /// The create that has entered is stored, or will not be.
    func leave() { entering.withLock { $0 -= 1 } }

    /// Remembers that it came in from a network.
    func settle(in network: PeerAddress) {
        homes.withLock { homes in
            guard homes.last != network else { return }
            homes.removeAll { $0 == network }
            if homes.count == Self.mostHomes { homes.removeFirst() }
            homes.append(network)
        }
    }

    /// Whether it has come in from a network before.
    func isAtHome(in network: PeerAddress) -> Bool { homes.withLock { $0.contains(network) } }

    /// Counts what a limit that is not enforced would have refused, and tells how often that was.
    func spare() -> Int { spared.wrappingAdd(1, ordering: .relaxed).newValue }
}

/// What is counted of every client, by name.
final class ClientStandings: Sendable {
    private let known = Guarded<[String: ClientStanding]>([:])

    /// The one of a client, which is new when nobody has asked for it before.
    func standing(of name: String) -> ClientStanding {
        known.withLock { known in
            if let standing = known[name] { return standing }
            let standing = ClientStanding()
            known[name] = standing
            return standing
        }
    }
}
