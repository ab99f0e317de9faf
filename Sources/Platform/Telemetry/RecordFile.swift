import Glibc
package import Threads

/// Appends records to a file from a thread of its own, and keeps them while it cannot.
///
/// Made with mode 0600 where it is not there; what is there is added to. Each record is one `write(2)` of one line with
/// `O_APPEND`, so lines of several processes do not mix. A file that was moved or removed is left, and one of its name
/// made, as log rotation expects; ``reopen()`` does it without waiting for the next record.
///
/// Callers only put the record into a bounded buffer. When a record cannot be written (a full disk), it and those behind
/// it are kept and tried again each second; when the buffer is full, the oldest in it are dropped, and a line tells how
/// many as soon as there is room.
package final class RecordFile: LogSink {
    /// What is said of the file, from its own thread.
    package enum Trouble: Sendable, Equatable {
        /// Records wait: the reason in the system's words.
        case failing(String)
        /// All that was kept is written; so many were lost meanwhile.
        case recovered(lost: Int)
        /// The file is given up with so many records that were never written.
        case abandoned(Int)
    }

    private let buffer: LogBuffer
    private let thread: Thread

    /// Opens the file.
    ///
    /// - Throws: what the system says, as for a folder that is not there.
    package init(
        path: String,
        capacity: Int = 8192,
        onTrouble: @escaping @Sendable (Trouble) -> Void
    ) throws(SystemError) {
        let opened = try Target(path: path, onTrouble: onTrouble)
        let buffer = LogBuffer(capacity: capacity)
        self.buffer = buffer
        do throws(SystemError) {
            thread = try Thread(name: "records") {
                var target = opened
                while let (lines, dropped) = buffer.next() {
                    target.put(lines, dropped: dropped, from: buffer)
                    buffer.written()
                }
                target.close()
            }
        } catch {
            opened.close()
            throw error
        }
    }

    deinit { buffer.close() }

    package func write(_ line: LogLine) { buffer.append(line) }

    /// How many records were dropped so far for want of room in the buffer.
    package var dropped: Int { buffer.dropped }

    /// Has the name looked at now: a file that was moved or removed is made anew.
    package func reopen() { buffer.nudge() }

    /// Waits until all records so far are in the file.
    ///
    /// Blocks, for ever while the disk is full: for tests.
    package func flush() { buffer.waitUntilWritten() }

    /// Writes what is left, has the disk take it, and ends the thread; later records are dropped.
    ///
    /// Blocks: call it at exit, not on an event loop. What cannot be written now is lost.
    package func close() {
        buffer.close()
        thread.join()
    }
}

/// The file under its name, as the writing thread has it.
private struct Target: Sendable {
    private static let pause = 1000

    private let path: String
    private let onTrouble: @Sendable (RecordFile.Trouble) -> Void
    private var output: LineOutput
    private var isFailing = false
    /// It could not be made anew under its name, which was said.
    private var isElsewhere = false

    init(path: String, onTrouble: @escaping @Sendable (RecordFile.Trouble) -> Void) throws(SystemError) {
        self.path = path
        self.onTrouble = onTrouble
        output = LineOutput(descriptor: try Self.open(path), format: .records)
        output.notice = "records_lost"
    }

    private static func open(_ path: String) throws(SystemError) -> Int32 {
        try retryingSystemCall("open", subject: path) {
            unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o600)
        }
    }

    /// Writes the lines, however long that takes; gives up what cannot be written once the buffer is closed.
    mutating func put(_ lines: [LogLine], dropped: Int, from buffer: LogBuffer) {
        output.lost += dropped
        var lost = output.lost
        reopenIfMoved()
        for (index, line) in lines.enumerated() {
            while !output.put(line) {
                let reason = SystemError("write", subject: path).reason
                if !isFailing {
                    isFailing = true
                    onTrouble(.failing(reason))
                }
                if buffer.pause(for: Self.pause) {
                    // One last time: there may be room by now.
                    if output.put(line) { break }
                    return onTrouble(.abandoned(lines.count - index))
                }
                reopenIfMoved()
            }
            guard isFailing, output.lost == 0 else { continue }
            isFailing = false
            onTrouble(.recovered(lost: lost))
            lost = 0
        }
    }

    /// Leaves a file that no longer has the name; one that cannot be made anew is written to as it is.
    private mutating func reopenIfMoved() {
        var named = stat()
        var held = stat()
        guard unsafe fstat(output.descriptor, &held) == 0 else { return }
        if unsafe stat(path, &named) == 0, named.st_ino == held.st_ino, named.st_dev == held.st_dev { return }
        do throws(SystemError) {
            let descriptor = try Self.open(path)
            close()
            var next = LineOutput(descriptor: descriptor, format: .records)
            next.notice = output.notice
            next.lost = output.lost
            output = next
            isElsewhere = false
        } catch {
            guard !isElsewhere else { return }
            isElsewhere = true
            onTrouble(.failing(error.reason))
        }
    }

    func close() {
        // A pipe or a terminal has no disk: then it fails, and there is nothing to do about it.
        _ = fdatasync(output.descriptor)
        _ = Glibc.close(output.descriptor)
    }
}
