/// Paragraphs of the help: those that flow, and lines that stay as they are.
enum Prose {
    enum Paragraph: Equatable {
        case flowing(String)
        /// Examples and tables, without the spaces that all of their lines begin with.
        case literal([String])
    }

    /// Takes a text apart at its empty lines, and where lines begin to be indented.
    static func paragraphs(of text: String) -> [Paragraph] {
        var found: [Paragraph] = []
        var lines: [Substring] = []
        func finish() {
            guard let first = lines.first else { return }
            if first.hasPrefix(" ") {
                let indent = lines.map { $0.prefix { $0 == " " }.count }.min() ?? 0
                found.append(.literal(lines.map { String($0.dropFirst(indent)) }))
            } else {
                found.append(.flowing(lines.joined(separator: " ")))
            }
            lines = []
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let last = lines.last, last.hasPrefix(" ") != line.hasPrefix(" ") { finish() }
            if line.isEmpty { finish() } else { lines.append(line) }
        }
        finish()
        return found
    }

    /// The text for a terminal of that many columns.
    static func fill(_ text: String, width: Int) -> String {
        paragraphs(of: text).map { paragraph in
            switch paragraph {
            case .flowing(let text): wrap(text, width: width).joined(separator: "\n")
            case .literal(let lines): lines.map { "  \($0)" }.joined(separator: "\n")
            }
        }.joined(separator: "\n\n")
    }

    /// Lines of at most `width` columns, broken between words; a longer word has a line of its own.
    static func wrap(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, columns(line) + 1 + columns(word) > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        return line.isEmpty ? lines : lines + [line]
    }

    /// How many columns of a terminal a text takes: two for a character of East Asia or an emoji, none for what is put on
    /// top of another.
    static func columns(_ text: some StringProtocol) -> Int {
        text.reduce(0) { $0 + columns($1) }
    }

    private static func columns(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        if scalar.value < 0x300 { return 1 }
        if scalar.properties.isGraphemeExtend { return 0 }
        if scalar.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}") { return 2 }
        let wide: [ClosedRange<UInt32>] = [
            0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
            0xA000...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x20000...0x3FFFD,
        ]
        return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }
}
