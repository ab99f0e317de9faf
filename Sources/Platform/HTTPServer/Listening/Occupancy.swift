import EventLoop
import Synchronization
import Threads

/// What a server has taken on over all its loops: connections, those of each address, and the bytes that they hold.
final class Occupancy: Sendable {
    /// Why a connection gets no place.
    enum Refusal { case connections, address, memory, descriptors }

    /// The server is stopping: every answer from now on closes its connection, whichever loop is told first.
    let isDraining = Atomic<Bool>(false)
    /// Handshakes that came to nothing.
    let handshakeFailures = Atomic<Int>(0)

    private let limits: ServerLimits
    private let open = Atomic<Int>(0)
    private let held = Atomic<Int>(0)
    private let networks = Guarded<[PeerAddress: Int]>([:])
    private let news = Guarded((refusals: Refusals(), all: Refusals(), toldAt: UInt64(0)))
    /// Loops that are still making room; no other relief begins before they have ended.
    private let relieving = Atomic<Int>(0)

    init(_ limits: ServerLimits) { self.limits = limits }

    /// Connections open now.
    var connections: Int { open.load(ordering: .relaxed) }

    /// Bytes that all connections hold now.
    var memory: Int { held.load(ordering: .relaxed) }

    /// Whether so much is held that nothing should be kept for later use.
    var isTight: Bool { memory > limits.memory / 2 }

    // MARK: Places

    /// Takes a place for a connection, or says why there is none.
    func enter(_ peer: PeerAddress) -> Refusal? {
        guard memory <= limits.memory else { return .memory }
        guard open.add(1, ordering: .relaxed).newValue <= limits.connections else {
            open.subtract(1, ordering: .relaxed)
            return .connections
        }
        guard let network = counted(peer) else { return nil }
        let isFree = networks.withLock { networks in
            guard networks[network, default: 0] < limits.connectionsPerAddress else { return false }
            networks[network, default: 0] += 1
            return true
        }
        guard isFree else {
            open.subtract(1, ordering: .relaxed)
            return .address
        }
        return nil
    }

    /// Gives the place of a connection back.
    func leave(_ peer: PeerAddress) {
        open.subtract(1, ordering: .relaxed)
        guard let network = counted(peer) else { return }
        networks.withLock { networks in
            let left = networks[network, default: 1] - 1
            networks[network] = left > 0 ? left : nil
        }
    }

    private func counted(_ peer: PeerAddress) -> PeerAddress? {
        peer.network == .local || limits.sparesLoopback && peer.isLoopback ? nil : peer.network
    }

    // MARK: Memory

    /// Takes in that a connection holds more or less than before; `true` when room must be made, once at a time.
    func hold(_ change: Int, loops: Int) -> Bool {
        held.add(change, ordering: .relaxed)
        return change > 0 && beginRelief(loops)
    }

    /// What a connection must hold at least to be closed for room: the average, which the well-behaved do not reach
    /// while somebody holds much.
    var fairShare: Int { memory / max(1, connections) }

    /// Whether more is held than can wait until every loop has made room.
    var isOverrun: Bool { memory > limits.memory / 8 * 9 }

    /// Whether there is room enough again.
    var isRelieved: Bool { memory <= limits.memory / 4 * 3 }

    /// One loop has closed what it had to; `true` when it was the last, and more must be made by now.
    func endRelief(loops: Int) -> Bool {
        relieving.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 && beginRelief(loops)
    }

    private func beginRelief(_ loops: Int) -> Bool {
        memory > limits.memory
            && relieving.compareExchange(expected: 0, desired: loops, ordering: .sequentiallyConsistent)
                .exchanged
    }

    // MARK: News

    /// All refusals since the start.
    var refusals: Refusals { news.withLock(\.all) }

    /// Counts a refusal; the result is what is to be told now, at most once a second.
    func count(_ refusal: Refusal, _ number: Int = 1) -> Refusals? {
        let now = monotonicNow()
        return news.withLock { news in
            news.refusals.add(refusal, number)
            news.all.add(refusal, number)
            guard news.toldAt &+ 1_000_000_000 <= now else { return nil }
            defer { (news.refusals, news.toldAt) = (Refusals(), now) }
            return news.refusals
        }
    }
}

extension Refusals {
    fileprivate mutating func add(_ refusal: Occupancy.Refusal, _ number: Int) {
        switch refusal {
        case .connections: connections += number
        case .address: address += number
        case .memory: memory += number
        case .descriptors: descriptors += number
        }
    }
}
