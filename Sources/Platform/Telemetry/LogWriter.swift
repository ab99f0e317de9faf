import Glibc
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
        var file = File(descriptor: descriptor, format: format)
        while let (lines, dropped) = buffer.next() {
            file.lost += dropped
            for line in lines { file.put(line) }
            buffer.written()
        }
    }
}

/// Where lines go, and what became of them.
private struct File {
    let descriptor: Int32
    let format: LogFormat
    /// Lines that never went out and have not been told of.
    var lost = 0
    /// The last line was cut off: the next must not look like its end.
    private var isCut = false
    private var bytes: [UInt8] = []

    init(descriptor: Int32, format: LogFormat) {
        self.descriptor = descriptor
        self.format = format
    }

    /// Writes a line, and before it how many were lost.
    mutating func put(_ line: LogLine) {
        tellLost()
        if !write(line) { lost += 1 }
    }

    mutating func tellLost() {
        guard lost > 0 else { return }
        let notice = LogLine(
            time: .now(),
            level: .warning,
            message: "log lines dropped",
            fields: ["count": LogValue(lost)]
        )
        if write(notice) { lost = 0 }
    }

    /// A log that cannot be written has nowhere to complain: `false`, and the line is lost.
    private mutating func write(_ line: LogLine) -> Bool {
        bytes.removeAll(keepingCapacity: true)
        if isCut { bytes.append(UInt8(ascii: "\n")) }
        format.append(line, to: &bytes)
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let start = unsafe buffer.baseAddress?.advanced(by: written)
                return unsafe Glibc.write(descriptor, start, buffer.count - written)
            }
            if count >= 0 {
                isCut = true
                written += count
            } else if errno == EAGAIN {
                // Standard error may share a terminal that somebody made non-blocking.
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                unsafe poll(&wait, 1, 1000)
            } else if errno != EINTR {
                return false
            }
        }
        isCut = false
        return true
    }
}
