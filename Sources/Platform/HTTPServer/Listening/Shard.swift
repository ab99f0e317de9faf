import CLinux
import EventLoop
import Glibc
import HTTP
import Synchronization
import TLS
import Threads

/// A server's share of one loop: its listeners, its connections and what they have in common.
///
/// Everything belongs to the loop's thread; that is the reason for `@unchecked Sendable`.
@safe final class Shard: @unchecked Sendable {
    let loop: EventLoop
    let isolation: LoopIsolation
    let limits: ServerLimits
    let handler: Handler
    let renderProblem: ProblemRenderer
    let access: (@Sendable (AccessRecord) -> Void)?
    /// Where reads land before they are appended to a connection's input: idle connections hold no buffer.
    let scratch: UnsafeMutableBufferPointer<UInt8>
    let headerTimeout, bodyTimeout, idleTimeout, writeTimeout, lingerTimeout: UInt64

    var isDraining: Bool { occupancy.isDraining.load(ordering: .relaxed) }
    /// Whether buffers should be given back rather than kept for the next request.
    var isTight: Bool { occupancy.isTight }
    /// Hears of each handshake that came to nothing.
    private let handshakeFailed: (@Sendable (PeerAddress, String) -> Void)?
    private let requestIDs: RequestIDs
    private let occupancy: Occupancy
    private let refused: (@Sendable (Refusals) -> Void)?
    /// Makes room on every loop of the server; the number of loops goes with it.
    private var relief: (loops: Int, begin: () -> Void) = (1, {})
    private var connections: [Connection] = []
    private var listeners: [Listener] = []
    private var date = DateLine()
    private var sweep: Timer?
    private var emptyWaiters: [CheckedContinuation<Void, Never>] = []

    init(_ loop: EventLoop, _ settings: Server.Settings, _ occupancy: Occupancy, requestIDs: RequestIDs) {
        self.loop = loop
        isolation = LoopIsolation(loop)
        self.occupancy = occupancy
        self.requestIDs = requestIDs
        limits = settings.limits
        handler = settings.handler
        renderProblem = settings.renderProblem
        access = settings.access
        handshakeFailed = settings.handshakeFailed
        refused = settings.refused
        unsafe scratch = .allocate(capacity: 32 * 1024)
        unsafe scratch.initialize(repeating: 0)
        headerTimeout = limits.headerTimeout.wholeNanoseconds
        bodyTimeout = limits.bodyTimeout.wholeNanoseconds
        idleTimeout = limits.idleTimeout.wholeNanoseconds
        writeTimeout = limits.writeTimeout.wholeNanoseconds
        lingerTimeout = limits.lingerTimeout.wholeNanoseconds
    }

    deinit { unsafe scratch.deallocate() }

    func nextRequestID() -> UInt64 { requestIDs.next() }

    func dateLine() -> [UInt8] { date.current() }

    // MARK: Listening

    func listen(_ socket: ListeningSocket, deliver: @escaping (Int32, PeerAddress) -> Void)
        throws(SystemError)
    {
        let listener = Listener(socket, on: loop, deliver: deliver) { [unowned self] descriptor in
            turnAway(descriptor, .descriptors)
        }
        try listener.start()
        listeners.append(listener)
    }

    /// Takes over an accepted descriptor, of a listener that speaks TLS when there is an identity.
    func adopt(_ descriptor: Int32, _ peer: PeerAddress, _ identity: TLSIdentity?) {
        if let refusal = occupancy.enter(peer) {
            return turnAway(descriptor, refusal, isSecure: identity != nil)
        }
        let connection = Connection(descriptor, peer: peer, tls: identity?.session(), shard: self)
        connection.slot = connections.count
        connections.append(connection)
        if sweep == nil { scheduleSweep() }
        connection.open()
    }

    /// Answers in one attempt and closes: a connection too many gets no state.
    ///
    /// On a listener with TLS nothing can be said: there has been no handshake.
    func turnAway(_ descriptor: Int32, _ refusal: Occupancy.Refusal, isSecure: Bool = false) {
        guard !isSecure else {
            close(descriptor)
            return tell(refusal)
        }
        var answer: [UInt8] = []
        answer.append(
            Response(
                refusal == .address ? .tooManyRequests : .serviceUnavailable,
                fields: ["Retry-After": "1"]
            ),
            framing: .length(0),
            version: .http11,
            closing: true,
            date: dateLine()
        )
        _ = unsafe answer.withUnsafeBytes {
            unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        // Reading what has come keeps the close from being a reset that would wipe out the answer.
        _ = unsafe recv(descriptor, scratch.baseAddress, scratch.count, 0)
        close(descriptor)
        tell(refusal)
    }

    private func tell(_ refusal: Occupancy.Refusal, _ number: Int = 1) {
        if let news = occupancy.count(refusal, number) { refused?(news) }
    }

    func remove(_ connection: Connection) {
        let slot = connection.slot
        guard slot < connections.count, connections[slot] === connection else { return }
        let last = connections.removeLast()
        if last !== connection {
            connections[slot] = last
            last.slot = slot
        }
        occupancy.leave(connection.peer)
        if connections.isEmpty { tellEmpty() }
    }

    func countHandshakeFailure(of peer: PeerAddress, _ reason: String) {
        occupancy.handshakeFailures.add(1, ordering: .relaxed)
        handshakeFailed?(peer, reason)
    }

    // MARK: Memory

    /// How the shard has room made, which is everybody's business.
    func relieve(loops: Int, by begin: @escaping () -> Void) { relief = (loops, begin) }

    /// Takes in that a connection holds more or less than before; `true` when it is one of those that must be closed, and
    /// at once: a turn of the loop has many connections, and each may take its most.
    func hold(_ change: Int, of sum: Int) -> Bool {
        if occupancy.hold(change, loops: relief.loops) { relief.begin() }
        guard change > 0, occupancy.isOverrun, sum >= occupancy.fairShare else { return false }
        tell(.memory)
        return true
    }

    /// Closes connections, the largest first, until all loops together have room again.
    ///
    /// Nothing can be said to them that would not need memory or time which they do not give.
    func makeRoom() {
        let share = occupancy.fairShare
        let large = connections.filter { $0.held >= share }.sorted { $0.held > $1.held }
        var closed = 0
        for connection in large where !occupancy.isRelieved {
            connection.close()
            closed += 1
        }
        if closed > 0 { tell(.memory, closed) }
        if occupancy.endRelief(loops: relief.loops) { relief.begin() }
    }

    /// Lets every other connection of the loop have its turn.
    func nextTurn() async {
        await withCheckedContinuation { continuation in
            loop.execute { continuation.resume() }
        }
    }

    // MARK: Time

    /// One timer for all deadlines of the loop: they are long, and a late one by a sweep does no harm.
    private func scheduleSweep() {
        let shortest = min(headerTimeout, bodyTimeout, idleTimeout, writeTimeout, lingerTimeout) / 4
        let period = max(5_000_000, min(1_000_000_000, shortest))
        sweep = loop.schedule(after: .nanoseconds(Int64(period))) { [self] in
            sweep = nil
            let now = monotonicNow()
            for connection in connections { connection.checkDeadlines(at: now) }
            if sweep == nil, !connections.isEmpty { scheduleSweep() }
        }
    }

    // MARK: Stopping

    /// Takes the connections that wait already and no more.
    func stopListening() {
        for listener in listeners { listener.stop() }
        listeners = []
    }

    /// Returns when nobody is waiting for an answer, nor has just come to ask, or the time is over.
    func quieted(within limit: Duration) async {
        let end = monotonicNow() + limit.wholeNanoseconds
        await withCheckedContinuation { continuation in
            loop.execute { [self] in lookForQuiet(until: end, continuation) }
        }
    }

    private func lookForQuiet(until end: UInt64, _ continuation: CheckedContinuation<Void, Never>) {
        guard connections.contains(where: \.isWaiting), monotonicNow() < end else {
            return continuation.resume()
        }
        _ = loop.schedule(after: .milliseconds(5)) { [self] in lookForQuiet(until: end, continuation) }
    }

    /// Closes what is idle; what is in hand is answered with `Connection: close`.
    func drain() {
        for connection in connections { connection.closeIfIdle() }
    }

    /// Returns when no connection is left or the time is over.
    func emptied(within limit: Duration) async {
        await withCheckedContinuation { continuation in
            loop.execute { [self] in
                guard !connections.isEmpty else { return continuation.resume() }
                emptyWaiters.append(continuation)
                _ = loop.schedule(after: limit) { [self] in tellEmpty() }
            }
        }
    }

    /// Closes everything; handlers still at work are cancelled.
    func closeAll() {
        for connection in connections { connection.close() }
    }

    private func tellEmpty() {
        let waiters = emptyWaiters
        emptyWaiters = []
        for waiter in waiters { waiter.resume() }
    }
}

/// Gives requests their numbers.
final class RequestIDs: Sendable {
    private let last = Atomic<UInt64>(0)

    func next() -> UInt64 { last.add(1, ordering: .relaxed).newValue }
}
