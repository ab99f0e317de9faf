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
    package var description: String {
        var place = file
        if let position { place += "\(place.isEmpty ? "" : ":")\(position.line):\(position.column)" }
        let words = remedy.map { "\(message); \($0)" } ?? message
        return [place, path, words].filter { !$0.isEmpty }.joined(separator: ": ")
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
