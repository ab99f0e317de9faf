import CLinux
import EventLoop
import HTTP

extension Connection {
    /// Called by the shard's sweep: ends what has waited too long.
    func checkDeadlines(at now: UInt64) {
        if writeDeadline <= now {
            guard hasTakenEnough else { return close() }
            writeDeadline = now + shard.writeTimeout
            arrivedBefore = arrived
        }
        if phase == .busy, body.isLate(at: now) { return body.fail(.timedOut) }
        guard readDeadline.hasPassed(at: now) else { return }
        switch readDeadline {
        case .header where !parser.isIdle:
            readDeadline = .none
            refuse(ParseFailure(.requestTimeout, "the request took too long"), code: "request_timeout")
        default: takeLeave()
        }
    }

    /// Whether the client has received what it must in the time that is over.
    ///
    /// What the kernel took from us says little: it takes a lot and then nothing for long from a client that reads
    /// slowly but steadily, and a little now and then for one that means to keep us waiting.
    private var hasTakenEnough: Bool { arrived - arrivedBefore >= shard.limits.writeProgress }

    /// Bytes that have arrived at the client, of those given to the kernel.
    var arrived: Int { handed - Int(max(0, soundgate_unsent_bytes(descriptor))) }

    /// Whether its client waits for an answer, or has just connected and not asked yet.
    var isWaiting: Bool { phase == .busy || (phase == .idle && exchange == 0) }

    // MARK: Reports

    func report(_ response: Response, _ request: Request, _ began: UInt64, bytes: Int, isComplete: Bool) {
        guard let access = shard.access else { return }
        access(
            AccessRecord(
                method: request.method,
                path: request.target.path,
                route: response.route,
                status: response.status,
                bytes: bytes,
                duration: .nanoseconds(Int64(clamping: monotonicNow() &- began)),
                peer: peer,
                id: request.id,
                isComplete: isComplete
            )
        )
    }

    func reportRefusal(_ status: Status, bytes: Int) {
        guard let access = shard.access else { return }
        access(
            AccessRecord(
                method: nil,
                path: nil,
                route: nil,
                status: status,
                bytes: bytes,
                duration: .zero,
                peer: peer,
                id: shard.nextRequestID(),
                isComplete: true
            )
        )
    }
}
