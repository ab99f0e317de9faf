import CLinux
import EventLoop
import Glibc
import HTTP
import Synchronization
import TLS
import Threads

/// A server's share of one loop: its listeners, its connections and what they have in common.
///
/// Everything but `openConnections` belongs to the loop's thread; that is the reason for `@unchecked Sendable`.
@safe final class Shard: @unchecked Sendable {
    /// Connections over all loops.
    final class Count: Sendable {
        let value = Atomic<Int>(0)
        /// The server is stopping: every answer from now on closes its connection, whichever loop is told first.
        let isDraining = Atomic<Bool>(false)
        /// Handshakes that came to nothing.
        let handshakeFailures = Atomic<Int>(0)
    }

    let loop: EventLoop
    let isolation: LoopIsolation
    let limits: ServerLimits
    let handler: Handler
    let renderProblem: ProblemRenderer
    let access: (@Sendable (AccessRecord) -> Void)?
    /// Where reads land before they are appended to a connection's input: idle connections hold no buffer.
    let scratch: UnsafeMutableBufferPointer<UInt8>
    let headerTimeout, bodyTimeout, idleTimeout, writeTimeout, lingerTimeout: UInt64

    var isDraining: Bool { total.isDraining.load(ordering: .relaxed) }
    /// Hears of each handshake that came to nothing.
    private let handshakeFailed: (@Sendable (PeerAddress, String) -> Void)?
    private let requestIDs: RequestIDs
    private let total: Count
    private var connections: [Connection] = []
    private var listeners: [Listener] = []
    private var date = DateLine()
    private var sweep: Timer?
    private var emptyWaiters: [CheckedContinuation<Void, Never>] = []

    init(_ loop: EventLoop, _ settings: Server.Settings, total: Count, requestIDs: RequestIDs) {
        self.loop = loop
        isolation = LoopIsolation(loop)
        self.total = total
        self.requestIDs = requestIDs
        limits = settings.limits
        handler = settings.handler
        renderProblem = settings.renderProblem
        access = settings.access
        handshakeFailed = settings.handshakeFailed
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
        let listener = Listener(socket, on: loop, deliver: deliver)
        try listener.start()
        listeners.append(listener)
    }

    /// Takes over an accepted descriptor, of a listener that speaks TLS when there is an identity.
    func adopt(_ descriptor: Int32, _ peer: PeerAddress, _ identity: TLSIdentity?) {
        guard total.value.add(1, ordering: .relaxed).newValue <= limits.connections else {
            total.value.subtract(1, ordering: .relaxed)
            guard identity == nil else {
                // Without a handshake nothing can be said.
                close(descriptor)
                return
            }
            return turnAway(descriptor)
        }
        let connection = Connection(descriptor, peer: peer, tls: identity?.session(), shard: self)
        connection.slot = connections.count
        connections.append(connection)
        if sweep == nil { scheduleSweep() }
        connection.open()
    }

    /// Answers in one attempt and closes: a connection too many gets no state.
    private func turnAway(_ descriptor: Int32) {
        var answer: [UInt8] = []
        answer.append(
            Response(.serviceUnavailable, fields: ["Retry-After": "1"]),
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
    }

    func remove(_ connection: Connection) {
        let slot = connection.slot
        guard slot < connections.count, connections[slot] === connection else { return }
        let last = connections.removeLast()
        if last !== connection {
            connections[slot] = last
            last.slot = slot
        }
        total.value.subtract(1, ordering: .relaxed)
        if connections.isEmpty { tellEmpty() }
    }

    func countHandshakeFailure(of peer: PeerAddress, _ reason: String) {
        total.handshakeFailures.add(1, ordering: .relaxed)
        handshakeFailed?(peer, reason)
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
