import Glibc

/// Shows on standard error how a task is getting on.
///
/// A bar that is redrawn in place on a terminal, a line per change elsewhere, nothing for machines.
final class ProgressDisplay {
    private enum Manner { case bar, lines, silent }

    private let manner: Manner
    private var lastLine = ""

    init(isSilent: Bool) {
        manner = isSilent ? .silent : Console.isTerminal(STDERR_FILENO) ? .bar : .lines
    }

    /// Shows the task's state.
    func show(_ task: SoundTask) {
        let words = Self.words(task)
        switch manner {
        case .silent: break
        case .lines:
            guard words != lastLine else { return }
            Console.note("\(task.id): \(words)")
            lastLine = words
        case .bar:
            let width = max(10, min(32, Console.width - 48))
            let done = Int((task.progress * Double(width)).rounded(.down))
            let bar = String(repeating: "█", count: done) + String(repeating: "░", count: width - done)
            var line = "\(bar) \(Int(task.progress * 100))% \(words)"
            if let eta = task.eta, eta > 0 { line += ", about \(shortNumber(eta, places: 0)) s left" }
            redraw(line)
        }
    }

    /// Says what stands in the way just now.
    func hint(_ text: String) {
        switch manner {
        case .silent: break
        case .lines:
            guard text != lastLine else { return }
            Console.note(text)
            lastLine = text
        case .bar: redraw(text)
        }
    }

    /// Takes the bar away, so that lines may follow.
    func clear() {
        guard manner == .bar else { return }
        Console.show("\r\u{1B}[K")
    }

    private func redraw(_ line: String) {
        Console.show("\r\u{1B}[K\(line.prefix(max(Console.width - 1, 20)))")
    }

    private static func words(_ task: SoundTask) -> String {
        var words = printable(task.status)
        if let position = task.queuePosition, position > 0 { words += ", \(position) before it" }
        if let route = task.route { words += " at \(route)" }
        return words
    }
}
