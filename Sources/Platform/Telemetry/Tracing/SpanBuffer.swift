import Threads

/// Ended spans that wait for a collector: at most so many, the oldest go first.
package final class SpanBuffer: Sendable {
    /// Called, on any thread, when the first span has come and when a batch of them has.
    package typealias Waking = @Sendable (_ isBatch: Bool) -> Void

    private struct State {
        /// The spans from `first` on; those before have been taken.
        var spans: [SpanRecord?] = []
        var first = 0
        var counts = SpanCounts()
        var batch = Int.max
        var waking: Waking?

        var count: Int { spans.count - first }

        mutating func removeFirst() -> SpanRecord? {
            defer {
                spans[first] = nil
                first += 1
                // Now and then: each removal from the front of an array moves the rest.
                if first == spans.count || first >= 1024 {
                    spans.removeFirst(first)
                    first = 0
                }
            }
            return spans[first]
        }
    }

    private let capacity: Int
    private let state = Guarded(State())

    init(capacity: Int) { self.capacity = max(1, capacity) }

    /// Has somebody told when there is work, of at least `batch` spans at once.
    package func wake(atBatchOf batch: Int, _ waking: @escaping Waking) {
        state.withLock { state in
            state.batch = min(batch, capacity)
            state.waking = waking
        }
    }

    /// Adds a span, in place of the oldest one when there is no room.
    package func append(_ span: SpanRecord) {
        let (isFirst, isBatch, waking) = state.withLock { state -> (Bool, Bool, Waking?) in
            if state.count == capacity {
                _ = state.removeFirst()
                state.counts.dropped += 1
            }
            state.counts.recorded += 1
            state.spans.append(span)
            return (state.count == 1, state.count == state.batch, state.waking)
        }
        if isFirst || isBatch { waking?(isBatch) }
    }

    /// Takes the oldest ones.
    package func take(atMost most: Int) -> [SpanRecord] {
        state.withLock { state in
            (0..<min(max(most, 0), state.count)).compactMap { _ in state.removeFirst() }
        }
    }

    /// How many wait.
    package var count: Int { state.withLock { $0.count } }

    /// Whether the next one costs the oldest one.
    package var isFull: Bool { count == capacity }

    /// What has become of all of them so far.
    package var counts: SpanCounts {
        state.withLock { state in
            var counts = state.counts
            counts.waiting = state.count
            return counts
        }
    }

    /// Counts what became of spans that were taken.
    package func settle(_ count: Int, as outcome: Outcome) {
        state.withLock { state in
            switch outcome {
            case .exported: state.counts.exported += count
            case .dropped: state.counts.dropped += count
            case .rejected: state.counts.rejected += count
            }
        }
    }

    /// What can become of spans that were taken.
    package enum Outcome: Sendable { case exported, dropped, rejected }
}

/// What has become of spans.
package struct SpanCounts: Sendable, Equatable {
    /// Ended spans.
    package var recorded = 0
    /// Taken by the collector.
    package var exported = 0
    /// Given up for want of room or of time.
    package var dropped = 0
    /// Refused by the collector.
    package var rejected = 0
    /// Not sent yet.
    package var waiting = 0

    /// None so far.
    package init() {}
}
