import EventLoop
import Threads

/// The way from a caller's task to the loop and back.
extension LoopPool {
    /// Runs a batch on whichever connection; cancelled with the caller's task where that is wanted.
    func run(_ batch: Batch, isCancellable: Bool) async -> Batch.Outcome {
        guard isCancellable else { return await ended(batch) { self.submit(batch) } }
        return await withTaskCancellationHandler {
            await ended(batch) { self.submit(batch) }
        } onCancel: {
            loop.execute { self.cancel(batch) }
        }
    }

    /// Runs a batch of a transaction; cancelled with the caller's task where that is wanted.
    func run(_ batch: Batch, on loan: Loan, isCancellable: Bool) async -> Batch.Outcome {
        guard isCancellable else { return await ended(batch) { self.submit(batch, on: loan) } }
        return await withTaskCancellationHandler {
            await ended(batch) { self.submit(batch, on: loan) }
        } onCancel: {
            loop.execute { self.cancel(batch) }
        }
    }

    private func ended(_ batch: Batch, _ submit: @escaping @Sendable () -> Void) async -> Batch.Outcome {
        await answered { answer in
            batch.whenEnded(answer)
            loop.run(submit)
        }
    }

    /// Waits for a connection of one's own.
    func lend() async throws(PostgresError) -> Loan {
        let loan = Loan()
        let refusal = await withTaskCancellationHandler {
            await answered { answer in
                loop.run {
                    loan.whenAnswered(answer)
                    self.submit(loan)
                }
            }
        } onCancel: {
            loop.execute { self.cancel(loan) }
        }
        if let refusal { throw refusal }
        return loan
    }

    /// Whether there is something to commit or to undo.
    func hasBegun(_ loan: Loan) async -> Bool {
        await answered { answer in loop.run { answer(loan.hasBegun) } }
    }

    /// Gives a connection back; returns when that is done.
    func takeBack(_ loan: Loan) async {
        await answered { answer in
            loop.run {
                self.giveBack(loan)
                answer(())
            }
        }
    }

    func currentState() async -> PostgresPool.State {
        await answered { answer in loop.run { answer(self.state) } }
    }
}

/// Waits for the answer that is given on another thread.
///
/// It goes through a lock: where a continuation is resumed before its task has begun to wait, ThreadSanitizer does not see
/// that the one comes after the other.
private func answered<Value: Sendable>(
    _ body: (@escaping @Sendable (Value) -> Void) -> Void
) async -> Value {
    let place = Guarded<Value?>(nil)
    await withCheckedContinuation { continuation in
        body { value in
            place.withLock { $0 = value }
            continuation.resume()
        }
    }
    guard let value = place.withLock({ $0 }) else { fatalError("a task was woken without its answer") }
    return value
}

extension EventLoop {
    /// Runs `body` now when already on the loop, else as soon as the loop gets to it.
    func run(_ body: @escaping @Sendable () -> Void) {
        if isCurrent { body() } else { execute(body) }
    }
}
