import EventLoop
package import Sound
import Timing

/// Waiting for what becomes of a task, here or at another gateway.
extension Engine {
    /// Waits until a task has ended, or so long.
    package func waitForEnd(of id: TaskID, atMost span: Duration) async {
        guard live[id] != nil, !isStopping else {
            return await waitElsewhere(for: id, atMost: span) { $0.status.hasEnded }
        }
        let token = newToken()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Between the look above and here the task may have ended, and the engine may stop.
                guard live[id] != nil, !isStopping, !Task.isCancelled else { return continuation.resume() }
                waiters[token] = Waiter(task: id, continuation: continuation)
                waitersOf[id, default: []].append(token)
                push(.waiter(token), after: span)
            }
        } onCancel: {
            loop.execute { self.assumeIsolated { $0.wake(token) } }
        }
    }

    /// Waits until a task is no longer as it was seen, has ended, or so long.
    package func waitForNews(of id: TaskID, after seen: TaskRecord, atMost span: Duration) async {
        guard live[id] != nil else {
            return await waitElsewhere(for: id, atMost: span) {
                $0.revision != seen.revision || $0.progress != seen.progress
            }
        }
        guard !isStopping, !isNews(id, seen) else { return }
        let token = newToken()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard live[id] != nil, !isStopping, !Task.isCancelled, !isNews(id, seen) else {
                    return continuation.resume()
                }
                waiters[token] = Waiter(task: id, continuation: continuation)
                listeners[id, default: []].append(token)
                push(.waiter(token), after: span)
            }
        } onCancel: {
            loop.execute { self.assumeIsolated { $0.wake(token) } }
        }
    }

    private func isNews(_ id: TaskID, _ seen: TaskRecord) -> Bool {
        guard let record = board.record(id) else { return false }
        return record.revision != seen.revision || record.progress != seen.progress
    }
}
