import Threads

/// A number of places for work that holds much memory; whoever finds none waits in line.
final class S3Places: Sendable {
    private struct Line {
        var free: Int
        var next = 0
        var waiting: [(number: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        /// Cancelled before they stood in line.
        var gone: Set<Int> = []
    }

    private let line: Guarded<Line>

    init(_ count: Int) { line = Guarded(Line(free: max(count, 1))) }

    /// Runs the body in a place; throws when the task is cancelled before it has one.
    func withPlace<Result: Sendable>(_ body: () async throws(S3Error) -> Result) async throws(S3Error)
        -> Result
    {
        guard await enter() else { throw S3Error(.cancelled, "cancelled while waiting for its turn") }
        defer { leave() }
        return try await body()
    }

    private func enter() async -> Bool {
        let number = line.withLock { line in
            line.next += 1
            return line.next
        }
        let hasPlace = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = line.withLock { line in
                    if line.gone.contains(number) { return false }
                    if line.free > 0 {
                        line.free -= 1
                        return true
                    }
                    line.waiting.append((number, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiting = line.withLock { line -> CheckedContinuation<Bool, Never>? in
                guard let index = line.waiting.firstIndex(where: { $0.number == number }) else {
                    line.gone.insert(number)
                    return nil
                }
                return line.waiting.remove(at: index).continuation
            }
            waiting?.resume(returning: false)
        }
        line.withLock { line in _ = line.gone.remove(number) }
        return hasPlace
    }

    private func leave() {
        let next = line.withLock { line -> CheckedContinuation<Bool, Never>? in
            guard !line.waiting.isEmpty else {
                line.free += 1
                return nil
            }
            return line.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }
}
