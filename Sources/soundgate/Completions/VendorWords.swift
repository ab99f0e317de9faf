import Providers
import Sound

/// What this build's adapters lend to completions.
enum VendorWords {
    /// All names that a provider's section has, unless the config names it otherwise.
    static let adapters = catalog.map(\.id)

    /// Those that need a key.
    static let vendors = catalog.filter(\.needsCredential).map(\.id)

    /// Those that have to be told once where to call.
    static let registering = catalog.filter { adapter in
        if case .perAccount = adapter.callbacks { true } else { false }
    }.map(\.id)

    /// Every model, each once.
    static let models = catalog.flatMap(\.operations).flatMap(\.capabilities.models)
        .reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
}
