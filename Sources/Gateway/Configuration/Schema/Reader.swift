import Crypto
import YAML

/// What one reading of the file knows: the world outside, where everything stood, and what was wrong.
///
/// Confined to the call that made it.
final class Reader {
    /// The file's name as the operator gave it.
    let fileName: String
    /// Everything found so far.
    private(set) var problems: [ConfigurationProblem] = []

    private var references: References
    /// Looks into certificate files.
    let certificates: CertificateInspection
    private let open: (VaultConfiguration) throws(VaultRefusal) -> VaultSecrets
    private let hashiCorp: HashiCorpSecrets
    private var places: [String: YAMLPosition] = [:]

    init(
        fileName: String,
        references: References,
        certificates: CertificateInspection = .none,
        hashiCorp: HashiCorpSecrets = .none,
        openingVault open: @escaping (VaultConfiguration) throws(VaultRefusal) -> VaultSecrets
    ) {
        self.fileName = fileName
        self.references = references
        self.certificates = certificates
        self.open = open
        self.hashiCorp = hashiCorp
    }

    /// What paths that belong to the file begin with: its folder, with a slash at its end, or nothing.
    var folder: String { references.folder }

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
    func text(_ node: YAMLNode, _ path: String) -> ReadText? { text(node, path, isSecret: false) }

    /// As `text`, but nobody sees it: only here may a value come out of a vault.
    func secret(_ node: YAMLNode, _ path: String) -> Secret<String>? {
        if let name = node.scalar.flatMap({ References.vaultName($0.text) }) {
            // Straight from one locked place to the other.
            return resolve(node, path) { references throws(Malformed) in try references.secret(name) }
        }
        if let argument = node.scalar.flatMap({ References.hashiCorpReference($0.text) }) {
            return resolve(node, path) { references throws(Malformed) in
                try references.hashiCorpSecret(argument)
            }
        }
        return text(node, path, isSecret: true).map { Secret($0.text) }
    }

    private func text(_ node: YAMLNode, _ path: String, isSecret: Bool) -> ReadText? {
        guard let scalar = node.scalar else {
            report(node.position, path, "is \(node.kind), must be a single value")
            return nil
        }
        guard scalar.value != .null else {
            report(node.position, path, "has no value", remedy: "give it one, or remove the key")
            return nil
        }
        return resolve(node, path) { references throws(Malformed) in
            let filled = try references.fill(scalar.text, isSecret: isSecret)
            return ReadText(text: filled ?? scalar.text, scalar: scalar, isFilled: filled != nil)
        }
    }

    private func resolve<Value>(
        _ node: YAMLNode,
        _ path: String,
        _ body: (References) throws(Malformed) -> Value
    ) -> Value? {
        // Where the vault does not open, that was told; each value that is missing for it would tell it again.
        if references.vault.isClosed, node.scalar?.text.contains("${vault:") == true { return nil }
        if references.hashiCorp.isUnusable, node.scalar?.text.contains("${hcv:") == true { return nil }
        do throws(Malformed) {
            return try body(references)
        } catch {
            report(node.position, path, error.complaint, remedy: error.remedy)
            return nil
        }
    }

    // MARK: The vault

    /// Takes in whether there is a server that `${hcv:…}` reads; what is wrong with its section has been told.
    func noteServer(_ isNamed: Bool, isUsable: Bool, _ path: String) {
        guard isNamed else { return }
        let isRight = isUsable && !hasProblem(within: "\(path).hashicorp")
        references.hashiCorp = isRight ? .usable(hashiCorp) : .unusable
    }

    /// Opens the vault for all that is read from now on; `nil` for a section that has told its problems already.
    func openVault(_ configuration: VaultConfiguration?, _ path: String) {
        references.vault = .closed
        guard var configuration else { return }
        if configuration.key.isEmpty {
            guard let key = references.environment(VaultConfiguration.keyVariable), !key.isEmpty else {
                report(
                    position(of: path),
                    path,
                    "has no key",
                    remedy: "add key: ${file:PATH}, or set \(VaultConfiguration.keyVariable)"
                )
                return
            }
            configuration.key = [Secret(key)]
        }
        do throws(VaultRefusal) {
            references.vault = .open(try open(configuration))
        } catch {
            let here = "\(path).\(error.isAboutTheKey ? "key" : "file")"
            report(position(of: here), here, error.complaint, remedy: error.remedy)
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
