/// What stands for a value on a command line, for shells that complete it.
enum Expectation: Sendable, Equatable {
    /// Nothing that could be offered.
    case anything
    /// A file or a folder.
    case file
    /// One of these words, or in any case a word like them.
    case words([String])
    /// Several of these words, with commas between.
    case list([String])

    /// What a placeholder of the help promises: `FILE` and `PATH` are files, `a|b` is one of two words.
    init(placeholder: String) {
        if ["FILE", "PATH"].contains(placeholder) {
            self = .file
        } else if placeholder.contains("|"), placeholder.utf8.allSatisfy({ $0 != 0x20 }) {
            self = .words(placeholder.split(separator: "|").map { String($0) })
        } else {
            self = .anything
        }
    }
}
