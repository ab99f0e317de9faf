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

    private let origin: LogOrigin
    private let threshold: LogThreshold
    private let module: String?
    private let sink: any LogSink
    private let fields: LogFields
    private let clock: @Sendable () -> Timestamp

    /// A log that writes to that sink.
    package init(
        level: LogLevel,
        sink: any LogSink,
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        let origin = LogOrigin(level)
        self.init(
            origin: origin,
            threshold: origin.threshold(of: nil),
            module: nil,
            sink: sink,
            fields: LogFields(),
            clock: clock
        )
    }

    private init(
        origin: LogOrigin,
        threshold: LogThreshold,
        module: String?,
        sink: any LogSink,
        fields: LogFields,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.origin = origin
        self.threshold = threshold
        self.module = module
        self.sink = sink
        self.fields = fields
        self.clock = clock
    }

    /// The same log with more fields on each line.
    package func adding(_ more: LogFields) -> Log {
        Log(
            origin: origin,
            threshold: threshold,
            module: module,
            sink: sink,
            fields: fields.adding(more),
            clock: clock
        )
    }

    /// The same log for one module, which its lines name and which may have a level of its own.
    package func module(_ name: String) -> Log {
        Log(
            origin: origin,
            threshold: origin.threshold(of: name),
            module: name,
            sink: sink,
            fields: fields,
            clock: clock
        )
    }

    /// Lines below this level are not written, and their fields not even computed.
    package var level: LogLevel { threshold.level }

    /// Sets the level of this log and of every log that comes from the same one, from any thread.
    ///
    /// Modules that are named have their own.
    package func setLevel(_ level: LogLevel, modules: [String: LogLevel] = [:]) {
        origin.set(level, modules)
    }

    /// Sets how many lines with the same message each module writes in a second; 0 writes all.
    ///
    /// The others are counted, and a line tells of them; see ``tellLeftOut(atEnd:)``.
    package func setRepeats(_ most: Int) { origin.repeats.set(most) }

    /// Whether a line of that level would be written.
    package func isEnabled(_ level: LogLevel) -> Bool { level >= self.level }

    /// Writes one line.
    package func callAsFunction(
        _ level: LogLevel,
        _ message: StaticString,
        _ fields: @autoclosure () -> LogFields = LogFields()
    ) {
        guard level >= self.level else { return }
        let time = clock()
        if origin.repeats.areCounted {
            let line = LogRepeats.Line(message: message, module: module, level: level)
            let (isWritten, leftOut) = origin.repeats.count(line, under: threshold, at: time)
            for entry in leftOut { tell(entry, at: time) }
            if !isWritten { return }
        }
        sink.write(
            LogLine(
                time: time,
                level: level,
                message: message,
                module: module,
                fields: self.fields.adding(fields())
            )
        )
    }

    /// Tells of the lines that were left out in seconds that are over; at the end, of all.
    ///
    /// The next line does that too: this is for the case that none comes.
    package func tellLeftOut(atEnd: Bool = false) {
        guard origin.repeats.areCounted || atEnd else { return }
        let time = clock()
        for entry in origin.repeats.leftOut(before: atEnd ? nil : time) { tell(entry, at: time) }
    }

    private func tell(_ entry: LogRepeats.LeftOut, at time: Timestamp) {
        sink.write(
            LogLine(
                time: time,
                level: entry.line.level,
                message: "lines like this one were left out",
                module: entry.line.module,
                fields: ["like": .string(entry.line.message.description), "count": .init(entry.count)]
            )
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
    /// Who wrote it; `nil` for what belongs to no module.
    package let module: String?
    package let fields: LogFields

    /// A line from its parts.
    package init(
        time: Timestamp,
        level: LogLevel,
        message: StaticString,
        module: String? = nil,
        fields: LogFields
    ) {
        self.time = time
        self.level = level
        self.message = message
        self.module = module
        self.fields = fields
    }
}

/// A place for log lines.
package protocol LogSink: Sendable {
    /// Takes a line; must neither block for long nor fail loudly, for it is called on event loops.
    func write(_ line: LogLine)
}

private struct NoSink: LogSink {
    func write(_ line: LogLine) {}
}
