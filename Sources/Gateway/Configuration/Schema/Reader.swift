import YAML

/// What one reading of the file knows: the world outside, where everything stood, and what was wrong.
///
/// Confined to the call that made it.
final class Reader {
    /// The file's name as the operator gave it.
    let fileName: String
    /// Everything found so far.
    private(set) var problems: [ConfigurationProblem] = []

    private let references: References
    private var places: [String: YAMLPosition] = [:]

    init(fileName: String, references: References) {
        self.fileName = fileName
        self.references = references
    }

    /// Notes what is wrong at a place.
    func report(_ position: YAMLPosition, _ path: String, _ message: String, remedy: String? = nil) {
        problems.append(
            ConfigurationProblem(
                file: fileName,
                position: position,
                path: path,
                message: message,
                remedy: remedy
            )
        )
    }

    /// Remembers where the value of a path stands, for rules that look at several values.
    func note(_ path: String, at position: YAMLPosition) { places[path] = position }

    /// Where the value of a path stands, else that of the nearest path above it.
    func position(of path: String) -> YAMLPosition {
        var rest = path[...]
        while true {
            if let place = places[String(rest)] { return place }
            guard let end = rest.lastIndex(where: { $0 == "." || $0 == "[" }) else { break }
            rest = rest[..<end]
        }
        return places[""] ?? YAMLPosition(line: 1, column: 1)
    }

    /// Whether the value of a path, or one within it, is already known to be wrong.
    func hasProblem(within path: String) -> Bool {
        problems.contains { problem in
            guard problem.path.hasPrefix(path) else { return false }
            let next = problem.path.dropFirst(path.count).first
            return next == nil || next == "." || next == "["
        }
    }

    /// The scalar at a place with its references replaced; a problem, and `nil`, when there is no usable one.
    func text(_ node: YAMLNode, _ path: String) -> ReadText? {
        guard let scalar = node.scalar else {
            report(node.position, path, "is \(node.kind), must be a single value")
            return nil
        }
        guard scalar.value != .null else {
            report(node.position, path, "has no value", remedy: "give it one, or remove the key")
            return nil
        }
        do {
            let filled = try references.fill(scalar.text)
            return ReadText(text: filled ?? scalar.text, scalar: scalar, isFilled: filled != nil)
        } catch {
            report(node.position, path, error.complaint, remedy: error.remedy)
            return nil
        }
    }
}

/// A scalar with its references replaced.
struct ReadText {
    /// What to interpret.
    let text: String
    /// What the file says.
    let scalar: YAMLScalar
    /// Whether anything was replaced, so that the text must not be shown.
    let isFilled: Bool

    /// How a message names it: what the file says, never what a reference stood for.
    var shown: String {
        var short = ""
        for scalar in scalar.text.unicodeScalars.prefix(60) {
            short +=
                scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
        if scalar.text.unicodeScalars.count > 60 { short += "…" }
        return isFilled ? "what \"\(short)\" stands for" : "\"\(short)\""
    }
}
