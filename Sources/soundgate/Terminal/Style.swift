import Glibc

/// Colours, for terminals only and never against `NO_COLOR`.
enum Style {
    /// For what went wrong.
    static func error(_ text: String, on descriptor: Int32) -> String { paint(text, "31;1", descriptor) }

    /// For what went well.
    static func success(_ text: String, on descriptor: Int32) -> String { paint(text, "32", descriptor) }

    /// For what stands out.
    static func strong(_ text: String, on descriptor: Int32) -> String { paint(text, "1", descriptor) }

    private static func paint(_ text: String, _ code: String, _ descriptor: Int32) -> String {
        guard Console.isTerminal(descriptor), allowsColour else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }

    private static let allowsColour: Bool = {
        let isForbidden = Environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        return !isForbidden && Environment["TERM"] != "dumb"
    }()
}

/// The process's environment.
enum Environment {
    /// The value of a variable, if it is set.
    static subscript(name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
