package import Threads

/// Writes lines to a descriptor from a thread of its own.
///
/// Callers only put the line into a bounded buffer. When the reader of the descriptor is slower than the log, the
/// oldest lines are dropped, and a line says how many. Each line is one `write(2)`, so lines of several processes
/// do not mix in a pipe. Where a file's disk is full, lines are lost, and counted likewise.
package final class LogWriter: LogSink {
    private let buffer: LogBuffer
    private let thread: Thread

    /// Writes to a descriptor that stays the caller's and must stay open until ``flush()`` has returned.
    package init(descriptor: Int32, format: LogFormat, capacity: Int = 4096) throws(SystemError) {
        let buffer = LogBuffer(capacity: capacity)
        self.buffer = buffer
        thread = try Thread(name: "log") { LogWriter.serve(buffer, descriptor, format) }
    }

    deinit { buffer.close() }

    package func write(_ line: LogLine) { buffer.append(line) }

    /// How many lines have been dropped so far.
    package var dropped: Int { buffer.dropped }

    /// Waits until all lines written so far have gone out.
    ///
    /// Blocks: call it at exit, not on an event loop.
    package func flush() { buffer.waitUntilWritten() }

    /// Writes what is left and ends the thread; later lines are dropped.
    ///
    /// Blocks: call it at exit, not on an event loop.
    package func close() {
        buffer.close()
        thread.join()
    }

    private static func serve(_ buffer: LogBuffer, _ descriptor: Int32, _ format: LogFormat) {
        var output = LineOutput(descriptor: descriptor, format: format)
        while let (lines, dropped) = buffer.next() {
            output.lost += dropped
            for line in lines where !output.put(line) { output.lost += 1 }
            buffer.written()
        }
    }
}
