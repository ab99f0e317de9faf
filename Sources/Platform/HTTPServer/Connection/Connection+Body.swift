import EventLoop
import HTTP

/// One request's claim on the body bytes of its connection.
///
/// A handler may hand its body to someone who reads on after the answer: the number keeps him from the next request's.
final class ConnectionBody: BodySource {
    private let connection: Connection
    private let exchange: UInt64

    init(_ connection: Connection, exchange: UInt64) {
        self.connection = connection
        self.exchange = exchange
    }

    func nextPiece() async throws -> [UInt8]? {
        try await connection.nextPiece(of: exchange)
    }
}

extension Connection {
    fileprivate func nextPiece(of exchange: UInt64) async throws -> [UInt8]? {
        guard shard.loop.isCurrent else {
            return try await withCheckedThrowingContinuation { continuation in
                shard.loop.execute { [self] in demand(continuation, of: exchange) }
            }
        }
        guard isOpen(exchange) else { throw BodyError.disconnected }
        pumpBody()
        if let piece = body.take() {
            body.restartClock(now: monotonicNow(), timeout: shard.bodyTimeout)
            updateInterest()
            return try piece.get()
        }
        return try await withCheckedThrowingContinuation { demand($0, of: exchange) }
    }

    private func demand(_ continuation: CheckedContinuation<[UInt8]?, any Error>, of exchange: UInt64) {
        guard isOpen(exchange) else { return continuation.resume(throwing: BodyError.disconnected) }
        if body.takeContinue(), !answerBegan {
            output.append(text: "HTTP/1.1 100 Continue\r\n\r\n")
            flush()
        }
        pumpBody()
        body.restartClock(now: monotonicNow(), timeout: shard.bodyTimeout)
        body.wait(continuation)
        updateInterest()
    }

    /// Moves body bytes from the input to the handler's side, as many as its buffer takes.
    func pumpBody() {
        guard body.isOpen, !body.hasFailed else { return }
        pumping: while body.buffered < shard.limits.buffer {
            switch parser.next(input.span, from: &inputStart) {
            case .body(let range):
                body.append(
                    input.span.extracting(range),
                    now: monotonicNow(),
                    timeout: shard.bodyTimeout,
                    least: shard.limits.bodyProgress
                )
            case .end:
                body.close()
                break pumping
            case .failure(let failure):
                body.fail(.refused(failure))
                break pumping
            case .needsMore, .head:
                dropTakenInput()
                break pumping
            }
        }
        body.deliver()
    }
}
