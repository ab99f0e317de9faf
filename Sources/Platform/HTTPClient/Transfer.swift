import EventLoop
import HTTP

/// One exchange on one loop: what has happened so far, and who waits for it.
///
/// Confined to its loop's thread like everything in `Multi`; that is why it may travel in closures which run there.
@safe
final class Transfer: @unchecked Sendable {
    /// What the caller hears of.
    enum Event: Sendable {
        case head(Status, Fields)
        case bytes([UInt8])
        case end(Result<UpstreamResponse, TransportFailure>)
    }

    /// How the content reaches the caller.
    enum Mode { case collect, stream }

    enum State {
        case waiting
        case active(EasyHandle)
        case ended
    }

    /// What streams may hold before the transfer pauses.
    static let highWater = 256 << 10

    let request: UpstreamRequest
    let url: HTTPURL
    let mode: Mode
    /// Monotonic nanoseconds.
    let deadline: UInt64

    var state = State.waiting
    var facts = DeliveryFacts()
    var head: ResponseHead
    var content: [UInt8] = []
    var received = 0
    var isPaused = false
    /// When bytes last moved, in either direction.
    var lastProgress: UInt64
    /// Why a callback told libcurl to give up, which then only reports that it was told.
    var verdict: (reason: TransportFailure.Reason, message: String)?
    var timer: Timer?

    private var isHeadDue: Bool
    private var waiter: CheckedContinuation<Event, Never>?
    private var outcome: Result<UpstreamResponse, TransportFailure>?

    init(_ request: UpstreamRequest, url: HTTPURL, mode: Mode, deadline: UInt64, limits: ResponseHead.Limits)
    {
        self.request = request
        self.url = url
        self.mode = mode
        self.deadline = deadline
        head = ResponseHead(limits: limits)
        isHeadDue = mode == .stream
        lastProgress = monotonicNow()
    }

    var authority: Authority { Authority(host: url.host, port: url.port) }

    var hasBody: Bool { request.body.map { !$0.isEmpty } ?? false }

    // MARK: The caller's side

    /// Parks the caller until there is an event for it.
    func wait(_ continuation: CheckedContinuation<Event, Never>) {
        assert(waiter == nil, "one caller waits for a transfer")
        waiter = continuation
        deliver()
    }

    /// Hands the next event to the caller if it waits; the handle is the multi's to resume afterwards.
    func deliver() {
        guard let continuation = waiter, let event = nextEvent() else { return }
        waiter = nil
        continuation.resume(returning: event)
    }

    private func nextEvent() -> Event? {
        if case .failure = outcome, let outcome { return .end(outcome) }
        if mode == .stream {
            if isHeadDue, head.isComplete, let status = head.status {
                isHeadDue = false
                return .head(status, head.fields)
            }
            if !content.isEmpty {
                defer { content = [] }
                return .bytes(content)
            }
        }
        return outcome.map { .end($0) }
    }

    // MARK: The loop's side

    func end(_ result: Result<UpstreamResponse, TransportFailure>) {
        outcome = result
        state = .ended
        deliver()
    }

    /// The next moment at which something may be too late, and what it would be.
    var nextDeadline: (at: UInt64, phase: TransportFailure.Phase) {
        let timeouts = request.timeouts
        let total = (at: deadline, phase: TransportFailure.Phase.total)
        let part: (at: UInt64, phase: TransportFailure.Phase)
        if facts.attempts == 0 || isPaused {
            // libcurl watches over connecting; a slow sink is not the peer's fault.
            return total
        } else if head.isComplete {
            part = (lastProgress &+ timeouts.stall.wholeNanoseconds, .stall)
        } else if facts.bytesHanded < request.body?.count ?? 0 {
            part = (lastProgress &+ timeouts.stall.wholeNanoseconds, .send)
        } else {
            part = (lastProgress &+ timeouts.firstByte.wholeNanoseconds, .firstByte)
        }
        return part.at < total.at ? part : total
    }

    /// The longest that the deadlines can go unchecked.
    var checkInterval: UInt64 {
        let timeouts = request.timeouts
        return min(timeouts.firstByte, timeouts.stall).wholeNanoseconds
    }
}
