import Foundation

/// A Swift file without its comments and string literals, cut into words.
///
/// Code interpolated into a string stays.
struct SourceText {
    let path: String
    private let words: [Word]

    /// An identifier or a single punctuation mark, and how deep in braces it stands.
    struct Word {
        let text: Substring
        let depth: Int
        let line: Int
    }

    init(path: String, text: String) {
        self.path = path
        var stripper = Stripper(text)
        let code = stripper.strip()
        words = Self.words(of: code)
    }

    /// Modules named by `import`, whatever stands before it and after: `@testable package import struct HTTP.Fields`.
    var imports: [(module: String, line: Int)] {
        let kinds: Set<Substring> = [
            "struct", "class", "enum", "protocol", "typealias", "func", "var", "let",
        ]
        return words.indices.compactMap { index in
            guard words[index].text == "import", words[index].depth == 0 else { return nil }
            let rest = words[(index + 1)...].prefix(2)
            guard let word = rest.first(where: { !kinds.contains($0.text) }) else { return nil }
            return (String(word.text), word.line)
        }
    }

    /// Types declared at the top of the file that other files can see.
    var visibleTypes: Set<String> {
        let kinds: Set<Substring> = ["struct", "class", "enum", "actor", "protocol", "typealias"]
        let modifiers: Set<Substring> = [
            "import", "private", "fileprivate", "internal", "package", "public", "final", "indirect",
            "nonisolated",
            "safe", "unsafe",
        ]
        var found: Set<String> = []
        for index in words.indices.dropLast()
        where words[index].depth == 0 && kinds.contains(words[index].text) {
            // `import struct X.Y` declares nothing, and a private type is known to its own file only.
            let before = words[..<index].reversed().prefix { modifiers.contains($0.text) }.map(\.text)
            if before.contains("import") || before.contains("private") || before.contains("fileprivate") {
                continue
            }
            found.insert(String(words[index + 1].text))
        }
        return found
    }

    /// Every place that reads a clock or calls the system.
    var effects: [(name: String, line: Int)] {
        let reads = zip(words, words.dropFirst()).filter {
            House.clocks.contains(String($0.text)) && $1.text == "now"
        }
        return uses(of: House.effectfulNames) + reads.map { (String($0.0.text), $0.0.line) }
    }

    /// Every use of one of the names.
    func uses(of names: Set<String>) -> [(name: String, line: Int)] {
        words.filter { names.contains(String($0.text)) }.map { (String($0.text), $0.line) }
    }

    private static func words(of code: String) -> [Word] {
        var words: [Word] = []
        var depth = 0
        var line = 1
        var index = code.startIndex
        while index < code.endIndex {
            let character = code[index]
            if character.isLetter || character == "_" {
                let end =
                    code[index...].firstIndex { !($0.isLetter || $0.isNumber || $0 == "_") } ?? code.endIndex
                words.append(Word(text: code[index..<end], depth: depth, line: line))
                index = end
                continue
            }
            if character.isNewline { line += 1 }
            if character == "{" { depth += 1 }
            if character == "}" { depth -= 1 }
            if character == "{" || character == "}" {
                words.append(Word(text: code[index...index], depth: depth, line: line))
            }
            index = code.index(after: index)
        }
        return words
    }
}
