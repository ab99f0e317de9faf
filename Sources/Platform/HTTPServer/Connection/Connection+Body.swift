import EventLoop
import HTTP

extension Connection: BodySource {
    func nextPiece() async throws -> [UInt8]? {
        guard shard.loop.isCurrent else {
            return try await withCheckedThrowingContinuation { continuation in
                shard.loop.execute { [self] in demand(continuation) }
            }
        }
        pumpBody()
        if let piece = body.take() {
            updateInterest()
            return try piece.get()
        }
        return try await withCheckedThrowingContinuation { demand($0) }
    }

    private func demand(_ continuation: CheckedContinuation<[UInt8]?, any Error>) {
        if body.takeContinue(), !answerBegan, phase == .busy {
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
