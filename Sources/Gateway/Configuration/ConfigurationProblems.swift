package import YAML

/// One thing that is wrong with a configuration.
package struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
    /// The file's name as the operator gave it; empty when the fault is not in a file.
    package var file: String
    /// The place in the file; `nil` when the fault is not in a file.
    package var position: YAMLPosition?
    /// The keys that lead there, as in `providers.suno.credentials[0].key`; empty for the file as a whole.
    package var path: String
    /// What is wrong.
    package var message: String
    /// What to do about it.
    package var remedy: String?

    /// The line in the file, from 1; `nil` when the fault is not in a file.
    package var line: Int? { position?.line }

    /// The column in the line, from 1.
    package var column: Int? { position?.column }

    /// A fault, told without values that may be secret.
    package init(
        file: String = "",
        position: YAMLPosition? = nil,
        path: String = "",
        message: String,
        remedy: String? = nil
    ) {
        self.file = file
        self.position = position
        self.path = path
        self.message = message
        self.remedy = remedy
    }

    /// `file:line:column: path.to.key: what is wrong; remedy`, on one line.
    ///
    /// What it quotes of the file may have line ends and control characters; they are shown as escapes, so that nothing in a
    /// file can pass for another problem or move a terminal's cursor.
    package var description: String {
        var place = file
        if let position { place += "\(place.isEmpty ? "" : ":")\(position.line):\(position.column)" }
        let words = remedy.map { "\(message); \($0)" } ?? message
        return Self.onOneLine([place, path, words].filter { !$0.isEmpty }.joined(separator: ": "))
    }

    private static func onOneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.reduce(into: "") { line, scalar in
            switch scalar {
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case _ where isControl(scalar): line += "\\u{\(String(scalar.value, radix: 16))}"
            default: line.unicodeScalars.append(scalar)
            }
        }
    }

    /// Those of ASCII and of Latin 1, and the two line ends of Unicode.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar == "\u{2028}"
            || scalar == "\u{2029}"
    }
}

/// Everything that is wrong with a configuration, in the order of the file.
package struct ConfigurationProblems: Error, Sendable, Equatable, CustomStringConvertible {
    /// Sorted by position; never empty.
    package let list: [ConfigurationProblem]

    /// Sorts what was found.
    package init(_ found: [ConfigurationProblem]) {
        // The sort is stable, so problems of one place stay in the order they were found.
        list = found.sorted { first, second in
            switch (first.position, second.position) {
            case (let first?, let second?): first < second
            case (nil, .some): true
            default: false
            }
        }
    }

    /// One line per problem, without a newline at the end.
    package var description: String { list.map(\.description).joined(separator: "\n") }
}
