import CLinux
import EventLoop
import Glibc
import HTTP
import TLS
import Threads

/// One client's connection, on one loop from accept to close.
///
/// Bytes flow through `received` into the parser; one task per connection takes the heads, runs the handler and sends
/// the answers, so requests in a pipeline are answered in order and the next one is not read far ahead. The task is
/// isolated to the loop, hence every method here runs on the loop's thread: that is the reason for `@unchecked Sendable`.
@safe final class Connection: @unchecked Sendable {
    enum Phase {
        /// Waiting for a request, or in the midst of its head.
        case idle
        /// A handler has the request.
        case busy
        /// The last answer is on its way out; nothing more is taken.
        case closing
        /// The answer is out; reading on so that the client sees it before a reset could wipe it away.
        case lingering
        case closed
    }

    let descriptor: Int32
    let peer: PeerAddress
    let shard: Shard
    /// Between the socket and everything else, where the listener speaks TLS; see `Connection+Security`.
    var tls: TLSSession?
    /// The place in the shard's list of connections.
    var slot = 0

    var phase = Phase.idle
    var parser: RequestParser
    var input: [UInt8] = []
    var inputStart = 0
    var peerEnded = false
    private var watch: Watch?
    private var interest: Readiness = .read

    // The exchange between the parser and the task.
    private var task: Task<Void, Never>?
    private var readyHead: RequestHead?
    private var headWaiter: CheckedContinuation<RequestHead?, Never>?
    var body = IncomingBody()
    /// The number of the request in hand, on this connection.
    private(set) var exchange: UInt64 = 0

    // The way out.
    var output: [UInt8] = []
    var outputStart = 0
    var file: FileTransfer?
    /// A worker reads the next part of the file: until it is done there is nothing to write.
    var fileIsAway = false
    var drainWaiters: [CheckedContinuation<Bool, Never>] = []
    private var flushIsQueued = false
    private var discarded = 0
    /// Body bytes of the streamed answer in hand.
    var streamed = 0
    var isStreaming = false
    /// An answer's head is out, so a refusal can no longer be answered.
    var answerBegan = false

    var readDeadline = Deadline.none
    var writeDeadline: UInt64 = .max
    /// Bytes given to the kernel in all, and how many of them had arrived when `writeDeadline` was set.
    var handed = 0
    var arrivedBefore = 0

    /// Bytes that the shard knows this connection to hold.
    private(set) var held = 0
    /// Bytes of the head that the handler has.
    private var headBytes = 0
    /// Requests answered since other connections had their turn.
    private var answeredInTurn = 0

    init(_ descriptor: Int32, peer: PeerAddress, tls: TLSSession?, shard: Shard) {
        self.descriptor = descriptor
        self.peer = peer
        self.tls = tls
        self.shard = shard
        parser = RequestParser(limits: shard.limits.parser)
    }

    func open() {
        do throws(SystemError) {
            watch = try shard.loop.watch(descriptor, for: .read) { [self] in ready($0) }
            readDeadline = .header(monotonicNow() + shard.headerTimeout)
            account()
        } catch {
            // The kernel has no room to watch another descriptor: the client is told by the closed connection.
            close()
        }
    }

    // MARK: Events

    private func ready(_ readiness: Readiness) {
        if readiness.has(.write) { flush() }
        guard phase != .closed else { return }
        if readiness.has(.error) || readiness.has(.hangUp), !readiness.has(.read) { return close() }
        if readiness.has(.read) { read() }
    }

    private func read() {
        let count = unsafe recv(descriptor, shard.scratch.baseAddress, shard.scratch.count, 0)
        if count > 0 {
            let bytes = unsafe UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer(shard.scratch)[..<count]
            )
            if tls == nil { unsafe received(bytes) } else { unsafe unseal(RawSpan(_unsafeBytes: bytes)) }
        } else if count == 0 {
            ended()
        } else if errno != EAGAIN, errno != EINTR {
            close()
        }
    }

    func received(_ bytes: UnsafeRawBufferPointer) {
        guard phase != .lingering, phase != .closing else { return lingered(bytes.count) }
        dropPassedInput()
        unsafe input.append(contentsOf: bytes)
        if phase == .idle { return advance() }
        pumpBody()
        updateInterest()
    }

    /// The client sends no more; it may still read.
    ///
    /// Nothing tells "done sending" from "gone", so a handler at work is cancelled, and its answer is tried all the same.
    func ended() {
        peerEnded = true
        switch phase {
        case .busy:
            if body.isOpen { pumpBody() }
            if body.isOpen { body.fail(.disconnected) }
            task?.cancel()
        case .closing: break
        case .idle where outputStart < output.count: return finish()
        default: return takeLeave()
        }
        updateInterest()
    }

    // MARK: Requests

    /// Looks for a request in what has come and hands it to the task.
    private func advance() {
        guard let head = parseHead() else { return }
        begin(head)
        if let waiter = headWaiter {
            headWaiter = nil
            waiter.resume(returning: head)
        } else {
            readyHead = head
            // Owned by this connection: it ends when the connection closes, which also cancels it.
            task = Task(executorPreference: shard.loop) { await self.serve(on: self.shard.isolation) }
        }
    }

    /// Whether the request of that number is still in hand.
    func isOpen(_ exchange: UInt64) -> Bool { phase == .busy && exchange == self.exchange }

    private func begin(_ head: RequestHead) {
        exchange += 1
        phase = .busy
        answerBegan = false
        headBytes = parser.sectionBytes
        readDeadline = .none
        body = IncomingBody(head, now: head.framing == .none ? 0 : monotonicNow(), timeout: shard.bodyTimeout)
        pumpBody()
        updateInterest()
    }

    /// Goes through the input up to the next head; what is left of the body before it is discarded.
    private func parseHead() -> RequestHead? {
        while true {
            let event = parser.next(input.span, from: &inputStart)
            switch event {
            case .head(let head): return head
            case .body: continue
            case .end: body.close()
            case .needsMore:
                dropTakenInput()
                if phase == .idle { awaitMore() }
                return nil
            case .failure(let failure):
                // Within the rest of a body the answer is out already: there is nothing left to say.
                if body.isOpen { finish() } else { refuse(failure) }
                endTask()
                return nil
            }
        }
    }

    /// Sets the clock for what the client owes now: the rest of a body, the rest of a head, or another request.
    private func awaitMore() {
        let now = monotonicNow()
        if body.isOpen {
            if case .body = readDeadline { return }
            readDeadline = .body(now + shard.bodyTimeout)
        } else if !parser.isIdle {
            if case .header = readDeadline { return }
            readDeadline = .header(now + shard.headerTimeout)
        }
    }

    func dropTakenInput() {
        guard inputStart == input.count else { return }
        input.removeAll(keepingCapacity: input.capacity <= 4096 && !shard.isTight)
        inputStart = 0
    }

    /// Forgets what has been taken of a pipeline that is always some requests ahead, so that its input never ends.
    private func dropPassedInput() {
        guard inputStart >= 16 * 1024 else { return }
        input.removeSubrange(..<inputStart)
        inputStart = 0
    }

    // MARK: The task

    /// Runs request after request.
    ///
    /// Isolated to the loop's actor, not merely a task that prefers the loop: a handler may come back from anywhere, and
    /// only isolation makes the way home certain.
    private func serve(on isolation: isolated LoopIsolation) async {
        var next = readyHead
        readyHead = nil
        while let head = next {
            let source =
                head.framing == .none
                ? RequestBody() : RequestBody(ConnectionBody(self, exchange: exchange), length: body.length)
            var request = Request(head: head, body: source, peer: peer, id: shard.nextRequestID())
            if let tls {
                request.isSecure = true
                request.clientCertificate = tls.peerCertificate
            }
            let began = monotonicNow()
            let response = await shard.handler(request)
            await send(response, to: request, since: began)
            next = await nextHead()
        }
    }

    private func nextHead() async -> RequestHead? {
        guard phase == .busy else { return nil }
        phase = .idle
        readDeadline = .idle(monotonicNow() + shard.idleTimeout)
        body.handlerEnded()
        headBytes = 0
        if let head = parseHead() {
            begin(head)
            if output.count - outputStart > shard.limits.buffer { _ = await drained() } else { queueFlush() }
            answeredInTurn += 1
            if answeredInTurn >= shard.limits.pipelineTurn {
                answeredInTurn = 0
                await shard.nextTurn()
            }
            return phase == .closed ? nil : head
        }
        answeredInTurn = 0
        guard phase == .idle else { return nil }
        if peerEnded || (shard.isDraining && parser.isIdle) {
            finish()
            return nil
        }
        flush()
        updateInterest()
        guard phase == .idle else { return nil }
        return await withCheckedContinuation { headWaiter = $0 }
    }

    /// Flushes when the loop comes round: answers of a pipeline go out together, but wait for no slow handler.
    private func queueFlush() {
        guard !flushIsQueued, outputStart < output.count else { return }
        flushIsQueued = true
        shard.loop.execute { [self] in
            flushIsQueued = false
            flush()
        }
    }

    // MARK: The end

    /// Sends what is left, then closes so that the client surely sees it.
    func finish() {
        guard phase != .closed, phase != .lingering else { return }
        phase = .closing
        readDeadline = .none
        flush()
        updateInterest()
    }

    func linger() {
        if peerEnded { return close() }
        phase = .lingering
        shutdown(descriptor, Int32(SHUT_WR))
        readDeadline = .linger(monotonicNow() + shard.lingerTimeout)
        input = []
        inputStart = 0
        updateInterest()
    }

    func lingered(_ count: Int) {
        discarded += count
        if discarded > 16 << 20 { close() }
    }

    /// Closes at once; whoever waits for something of this connection hears so.
    func close() {
        guard phase != .closed else { return }
        if tls?.phase == .handshaking { shard.countHandshakeFailure(of: peer, "it did not come to its end") }
        phase = .closed
        if let watch { shard.loop.unwatch(watch) }
        watch = nil
        Glibc.close(descriptor)
        file = nil
        output = []
        outputStart = 0
        input = []
        inputStart = 0
        _ = shard.hold(-held, of: 0)
        held = 0
        shard.remove(self)
        task?.cancel()
        body.fail(.disconnected)
        headWaiter?.resume(returning: nil)
        headWaiter = nil
        resumeDrainWaiters(false)
    }

    /// Closes unless a request is being read or answered, or has just come.
    func closeIfIdle() {
        if phase == .idle { read() }
        guard phase == .idle, parser.isIdle, !body.isOpen, inputStart == input.count else { return }
        if outputStart < output.count { finish() } else { takeLeave() }
        endTask()
    }

    /// Lets waiting callers go on after the phase has left `idle` without a request.
    func endTask() {
        headWaiter?.resume(returning: nil)
        headWaiter = nil
    }

    // MARK: Interest

    private var wantsInput: Bool {
        guard !peerEnded else { return false }
        // What TLS itself answers must not gather without bound.
        if let tls, tls.pending > shard.limits.buffer { return false }
        guard phase == .busy else { return true }
        return input.count - inputStart < shard.limits.buffer && body.buffered < shard.limits.buffer
    }

    /// Tells the shard what the connection holds, where that has changed by more than a trifle.
    private func account() {
        let now = phase == .closed ? 0 : footprint
        guard abs(now - held) >= 4096 else { return }
        let change = now - held
        held = now
        if shard.hold(change, of: now) { close() }
    }

    /// Bytes of memory that the connection takes, near enough; what a layer below buffers belongs here too.
    private var footprint: Int {
        Self.bareBytes + input.capacity + output.capacity + parser.held + headBytes + body.held
            + (tls?.held ?? 0)
    }

    /// What a connection takes that holds nothing: itself, its task, its watch.
    private static let bareBytes = 4096

    /// Asks epoll for what is wanted now, if that has changed.
    func updateInterest() {
        account()
        var bits: UInt32 = 0
        if wantsInput { bits |= Readiness.read.rawValue }
        if hasOutput { bits |= Readiness.write.rawValue }
        guard bits != interest.rawValue, phase != .closed, let watch else { return }
        let wanted = Readiness(rawValue: bits)
        interest = wanted
        do throws(SystemError) {
            try shard.loop.update(watch, for: wanted)
        } catch {
            // Without readiness nothing would ever move again on this connection.
            close()
        }
    }
}

extension Readiness {
    /// As `contains`, which across modules goes through the generic code of `SetAlgebra` at each event.
    fileprivate func has(_ one: Readiness) -> Bool { rawValue & one.rawValue != 0 }
}
