import Glibc

/// Where lines go, and what became of them.
struct LineOutput {
    let descriptor: Int32
    let format: LogFormat
    /// Lines that never went out and have not been told of.
    var lost = 0
    /// What tells of them.
    var notice: StaticString = "log lines dropped"
    /// The last line was cut off: the next must not look like its end.
    private var isCut = false
    private var bytes: [UInt8] = []

    init(descriptor: Int32, format: LogFormat) {
        self.descriptor = descriptor
        self.format = format
    }

    /// Writes a line, and before it how many were lost; `false` when it did not go out.
    mutating func put(_ line: LogLine) -> Bool {
        tellLost()
        return write(line)
    }

    private mutating func tellLost() {
        guard lost > 0 else { return }
        let line = LogLine(
            time: .now(),
            level: .warning,
            message: notice,
            fields: ["count": LogValue(lost)]
        )
        if write(line) { lost = 0 }
    }

    /// Writes a line by one `write(2)` where the system takes it whole.
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
