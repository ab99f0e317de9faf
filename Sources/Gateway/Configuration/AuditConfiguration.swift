package import Crypto

/// Where it is recorded who did what.
package struct AuditConfiguration: Sendable, Equatable {
    /// The file; a relative path starts at the working directory.
    package var file = "data/audit.jsonl"
    /// How much of what was asked for is recorded.
    package var prompts = Prompts.none
    /// The key of the hashes; `nil` means a random one at each start.
    package var hashKey: Secret<String>?

    /// The defaults.
    package init() {}

    /// How much of what was asked for is recorded.
    package enum Prompts: String, Sendable, CaseIterable {
        /// No word of it.
        case none
        /// A keyed hash of each text.
        case hash
        /// Each text as it came.
        case full
    }
}
