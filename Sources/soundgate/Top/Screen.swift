import Glibc
import Threads

/// The terminal as a page that is drawn again and again, and is given back as it was.
///
/// Entering and leaving may come from any thread, as often as they like.
final class Screen: Sendable {
    /// How the terminal was; `nil` while it is not ours.
    private let before = Guarded<termios?>(nil)

    /// Whether standard output is a terminal that such a page can be drawn on.
    static var isThere: Bool { Console.isTerminal(STDOUT_FILENO) && Environment["TERM"] != "dumb" }

    /// The columns and rows of the terminal behind standard output.
    static var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Takes the terminal: another page, no cursor, keys at once and not shown.
    func enter() {
        before.withLock { before in
            guard before == nil else { return }
            var settings = termios()
            tcgetattr(STDIN_FILENO, &settings)
            before = settings
            // Ctrl-C and Ctrl-Z stay signals.
            settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
            tcsetattr(STDIN_FILENO, TCSANOW, &settings)
            Console.output(bytes: Array("\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J".utf8))
        }
    }

    /// Gives it back.
    func leave() {
        before.withLock { before in
            guard var settings = before else { return }
            before = nil
            Console.output(bytes: Array("\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l".utf8))
            tcsetattr(STDIN_FILENO, TCSANOW, &settings)
        }
    }

    /// Draws a page, as far as it fits; nothing while the terminal is not ours.
    func draw(_ view: TopView) {
        let size = Self.size
        let lines = view.lines(width: size.columns).prefix(size.rows)
        // Each line clears what was behind it, so that nothing flickers.
        let text = lines.map { Self.painted($0) + "\u{1B}[K" }.joined(separator: "\r\n")
        before.withLock { before in
            guard before != nil else { return }
            Console.output(bytes: Array("\u{1B}[H\(text)\u{1B}[J".utf8))
        }
    }

    /// A line in its colour, where colours are wanted.
    static func painted(_ line: TopView.Line) -> String {
        switch line.kind {
        case .plain: line.text
        case .strong: Style.strong(line.text, on: STDOUT_FILENO)
        case .trouble: Style.error(line.text, on: STDOUT_FILENO)
        }
    }
}
