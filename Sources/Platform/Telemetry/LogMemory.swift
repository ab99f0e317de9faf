import Threads

/// Keeps lines for tests to look at.
package final class LogMemory: LogSink {
    private let kept = Guarded<[LogLine]>([])

    /// Starts empty.
    package init() {}

    /// The lines so far.
    package var lines: [LogLine] { kept.withLock { $0 } }

    /// The messages so far.
    package var messages: [String] { lines.map(\.message.description) }

    package func write(_ line: LogLine) { kept.withLock { $0.append(line) } }
}
