/// Blanks out comments and string literals and keeps the lines, so that only code is left to read.
struct Stripper {
    private let input: [Character]
    private var position = 0
    private var output = ""

    init(_ text: String) {
        input = Array(text)
    }

    mutating func strip() -> String {
        code(until: nil)
        return output
    }

    /// Copies code; inside an interpolation, up to the parenthesis that closes it.
    private mutating func code(until closing: Character?) {
        var open = 0
        while let character = peek() {
            if looking(at: "//") {
                skipLine()
            } else if looking(at: "/*") {
                skipBlock()
            } else if character == "\"" || character == "#", let hashes = stringHashes() {
                skipString(hashes)
            } else {
                if character == "(" { open += 1 }
                if character == ")" {
                    if open == 0 && closing == ")" { return }
                    open -= 1
                }
                output.append(character)
                position += 1
            }
        }
    }

    private mutating func skipLine() {
        while let character = peek(), !character.isNewline { position += 1 }
    }

    /// Block comments nest in Swift.
    private mutating func skipBlock() {
        var depth = 0
        repeat {
            if looking(at: "/*") {
                depth += 1
                position += 2
            } else if looking(at: "*/") {
                depth -= 1
                position += 2
            } else {
                keepNewline()
            }
        } while depth > 0 && position < input.count
    }

    /// The number of `#` before a string literal that starts here, or nil when none does.
    private func stringHashes() -> Int? {
        let hashes = input[position...].prefix { $0 == "#" }.count
        let quote = position + hashes
        return quote < input.count && input[quote] == "\"" ? hashes : nil
    }

    private mutating func skipString(_ hashes: Int) {
        position += hashes
        let fence = String(repeating: "#", count: hashes)
        // `""` is an empty string, `"""` opens a long one; `#"""#` is a raw string that holds one quote.
        let isLong = looking(at: "\"\"\"") && !(hashes > 0 && looking(at: "\"\"\"" + fence))
        let quotes = isLong ? "\"\"\"" : "\""
        position += quotes.count
        output.append(" ")
        while peek() != nil {
            if looking(at: quotes + fence) {
                position += quotes.count + hashes
                return
            }
            if looking(at: "\\" + fence + "(") {
                position += 2 + hashes
                output.append(" ")
                code(until: ")")
                position += 1
                output.append(" ")
            } else if looking(at: "\\" + fence) {
                position += 1 + hashes
                keepNewline()
            } else {
                keepNewline()
            }
        }
    }

    private mutating func keepNewline() {
        if let character = peek(), character.isNewline { output.append(character) }
        position += 1
    }

    private func peek() -> Character? {
        position < input.count ? input[position] : nil
    }

    private func looking(at text: String) -> Bool {
        input[min(position, input.count)...].starts(with: text)
    }
}
