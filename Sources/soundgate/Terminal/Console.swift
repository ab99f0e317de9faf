import Glibc

/// The program's three ways to speak: results on standard output, everything else on standard error.
enum Console {
    /// A line of a result.
    static func output(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

    /// A result's bytes as they are.
    static func output(bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

    /// A line about what is going on.
    static func note(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// What went wrong, under the program's name.
    static func complain(_ message: String) {
        note("\(Style.error("soundgate:", on: STDERR_FILENO)) \(message)")
    }

    /// Text on standard error without a line break.
    static func show(_ text: String) { write(text, to: STDERR_FILENO) }

    /// Whether a person is looking at the descriptor.
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// The columns of the terminal behind standard error.
    static var width: Int { width(of: STDERR_FILENO) ?? 80 }

    /// The columns of the terminal behind standard output; `nil` where a program reads it.
    static var outputWidth: Int? {
        isTerminal(STDOUT_FILENO) ? width(of: STDOUT_FILENO) ?? 80 : nil
    }

    /// How long lines of text may be, for whoever reads standard output.
    static var readableWidth: Int { min(max(outputWidth ?? 100, 48), 100) }

    private static func width(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        write(Array(text.utf8), to: descriptor)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                // A reader that has gone wants no more; there is nobody left to tell.
                guard errno == EINTR || errno == EAGAIN else { return }
                continue
            }
            rest = rest.dropFirst(count)
        }
    }
}
