/// One thing that two configurations do not have in common, told by its name alone: a value may be a secret, or come
/// from one.
package struct ConfigurationChange: Sendable, Equatable, CustomStringConvertible {
    /// What became of it.
    package enum Kind: String, Sendable {
        case added, removed, changed
    }

    /// The keys that lead there, as in `providers.suno.credentials[main].key`.
    package var path: String
    /// What became of it.
    package var kind: Kind
    /// Whether a running gateway goes on as it was until it is started anew.
    package var needsRestart: Bool

    /// A difference at a path.
    package init(_ path: String, _ kind: Kind, needsRestart: Bool = false) {
        self.path = path
        self.kind = kind
        self.needsRestart = needsRestart
    }

    /// The path and what became of it.
    package var description: String { "\(path) \(kind.rawValue)" }
}
