import Synchronization

/// Where a piece of work writes its lines, with the fields that all of them carry.
///
/// A value, passed on by the task: `Log.current` is the log of the running task, and ``withFields(_:_:)`` gives a part
/// of the work more fields. The message is a `StaticString`: it can be searched for and cannot leak; everything
/// that varies is a field.
package struct Log: Sendable {
    /// The log of the running task.
    ///
    /// At its root this drops everything: the program binds the real one.
    @TaskLocal package static var current = Log(level: .error, sink: NoSink())

    private let threshold: Threshold
    private let sink: any LogSink
    private let fields: LogFields
    private let clock: @Sendable () -> Timestamp

    /// A log that writes to that sink.
    package init(
        level: LogLevel,
        sink: any LogSink,
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        self.init(threshold: Threshold(level), sink: sink, fields: LogFields(), clock: clock)
    }

    private init(
        threshold: Threshold,
        sink: any LogSink,
        fields: LogFields,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.threshold = threshold
        self.sink = sink
        self.fields = fields
        self.clock = clock
    }

    /// The same log with more fields on each line.
    package func adding(_ more: LogFields) -> Log {
        Log(threshold: threshold, sink: sink, fields: fields.adding(more), clock: clock)
    }

    /// Lines below this level are not written, and their fields not even computed.
    package var level: LogLevel { threshold.level }

    /// Sets the level of this log and of every log that comes from the same one, from any thread.
    package func setLevel(_ level: LogLevel) { threshold.set(level) }

    /// Whether a line of that level would be written.
    package func isEnabled(_ level: LogLevel) -> Bool { level >= self.level }

    /// Writes one line.
    package func callAsFunction(
        _ level: LogLevel,
        _ message: StaticString,
        _ fields: @autoclosure () -> LogFields = LogFields()
    ) {
        guard level >= self.level else { return }
        sink.write(
            LogLine(time: clock(), level: level, message: message, fields: self.fields.adding(fields()))
        )
    }

    /// Runs the body with this log as the current one.
    package func bind<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let outcome = Log.$current.withValue(self) { () -> Swift.Result<Result, Failure> in
            do throws(Failure) { return .success(try body()) } catch { return .failure(error) }
        }
        return try outcome.get()
    }

    /// Runs the body with this log as the current one, in it and in the child tasks it makes.
    package func bind<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        try await Log.$current.withValue(self, operation: body)
    }

    /// Runs the body with more fields on the current log, in it and in the child tasks it makes.
    package static func withFields<Result>(
        _ fields: LogFields,
        _ body: () async throws -> Result
    ) async rethrows -> Result {
        try await current.adding(fields).bind(body)
    }
}

/// One line, before it has a form.
package struct LogLine: Sendable {
    package let time: Timestamp
    package let level: LogLevel
    package let message: StaticString
    package let fields: LogFields

    /// A line from its parts.
    package init(time: Timestamp, level: LogLevel, message: StaticString, fields: LogFields) {
        self.time = time
        self.level = level
        self.message = message
        self.fields = fields
    }
}

/// A place for log lines.
package protocol LogSink: Sendable {
    /// Takes a line; must neither block for long nor fail loudly, for it is called on event loops.
    func write(_ line: LogLine)
}

/// A level that all logs of one origin share.
private final class Threshold: Sendable {
    private let value: Atomic<Int>

    init(_ level: LogLevel) { value = Atomic(level.rawValue) }

    var level: LogLevel { LogLevel(rawValue: value.load(ordering: .relaxed)) ?? .error }

    func set(_ level: LogLevel) { value.store(level.rawValue, ordering: .relaxed) }
}

private struct NoSink: LogSink {
    func write(_ line: LogLine) {}
}
