import Crypto
import Glibc
import Threads

/// Reads what nobody should see: from a pipe to its end, from a terminal a line without echo.
///
/// The bytes go into locked memory from the first. Signals that the command has blocked end the wait, with the
/// terminal as it was.
enum HiddenInput {
    /// The most bytes that are taken, those of the largest value and its line end.
    private static let most = (64 << 10) + 2

    /// What stands on standard input, without one line end.
    static func value(prompt: String) throws -> LockedBytes {
        try read(STDIN_FILENO, prompt: prompt)
    }

    /// What is typed at the terminal, whatever standard input is; `nil` when there is no terminal.
    static func typed(prompt: String) throws -> LockedBytes? {
        let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        return try read(terminal, prompt: prompt)
    }

    private static func read(_ descriptor: Int32, prompt: String) throws -> LockedBytes {
        let isTerminal = Console.isTerminal(descriptor)
        var shown = termios()
        if isTerminal {
            // Before the question shows: who answers at once must neither be seen nor have his first bytes thrown away.
            tcgetattr(descriptor, &shown)
            var hidden = shown
            hidden.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(descriptor, TCSAFLUSH, &hidden)
            Console.show(prompt)
        }
        defer {
            if isTerminal {
                tcsetattr(descriptor, TCSADRAIN, &shown)
                // The line end that was typed did not show either.
                Console.note("")
            }
        }
        var count = 0
        let buffer = try LockedBytes(count: most) { (bytes: inout MutableRawSpan) throws in
            try bytes.withUnsafeMutableBytes { bytes in
                while count < bytes.count {
                    try wait(for: descriptor)
                    let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[count...])
                    let read = try retryingSystemCall("read") {
                        Glibc.read(descriptor, rest.baseAddress, rest.count)
                    }
                    count += read
                    if read == 0 || isTerminal && bytes[count - 1] == UInt8(ascii: "\n") { break }
                }
            }
        }
        return buffer.withBytes { bytes in
            let end = bytes.withUnsafeBytes { lengthWithoutLineEnd($0.prefix(count)) }
            return LockedBytes(copying: bytes.extracting(0..<end))
        }
    }

    private static func lengthWithoutLineEnd(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
        guard bytes.last == UInt8(ascii: "\n") else { return bytes.count }
        return bytes.dropLast().last == UInt8(ascii: "\r") ? bytes.count - 2 : bytes.count - 1
    }

    /// Returns when there is something to read; a signal that the command has blocked ends it with a failure.
    static func wait(for descriptor: Int32) throws {
        var set = sigset_t()
        while true {
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&request, 1, 100)
            sigpending(&set)
            for signal in Interruption.signals where sigismember(&set, signal) == 1 {
                throw CommandFailure(.interrupted(by: signal), "interrupted; nothing was changed")
            }
            if ready > 0 { return }
        }
    }
}
