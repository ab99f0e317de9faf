import JSON
import Providers
import Sound

/// A provider in the answer of `GET /v1/providers`, in words for a person.
///
/// A field or a kind of emulation that this build does not know is left out: `--json` shows all.
struct ProviderEntry {
    private let json: JSONValue

    init(_ json: JSONValue) {
        self.json = json
    }

    /// Its line in the summary, under ``heading``.
    var summary: [String] {
        let keys = (json["credentials"]?.array ?? []).map { key in
            let notes = [Self.trouble(key), Self.amount(key["balance"]).map { "\($0) left" }].compactMap(
                \.self
            )
            return (key["name"]?.string ?? "?") + (notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))")
        }
        return [
            name,
            text("adapter"),
            text("kind"),
            json["enabled"]?.bool == false ? "no" : "yes",
            "\(json["running"]?.integer ?? 0)",
            "\(json["waiting"]?.integer ?? 0)",
            keys.isEmpty ? "none needed" : printable(keys.joined(separator: ", ")),
        ]
    }

    static let heading = ["PROVIDER", "ADAPTER", "KIND", "ENABLED", "RUNNING", "WAITING", "KEYS"]

    /// Its operations with what each can do.
    var operations: [(name: String, rows: [CapabilityTable.Row])] {
        (json["operations"]?.array ?? []).map { operation in
            let subject = CapabilityTable.Subject(
                name: printable("\(name)/\(operation["name"]?.string ?? "?")"),
                capabilities: Self.capabilities(operation),
                delivery: operation["delivery"]?.string ?? "?",
                callbacks: callbacks,
                balance: balance
            )
            let breaker = operation["breaker"]?.string.flatMap { $0 == "closed" ? nil : " (breaker \($0))" }
            return (subject.name + printable(breaker ?? ""), CapabilityTable.rows(of: subject))
        }
    }

    private var name: String { text("name") }

    private var callbacks: String? {
        guard let callbacks = json["callbacks"], callbacks.object != nil else { return nil }
        let counts = ["used", "ignored", "forged"].map { "\(callbacks[$0]?.integer ?? 0) \($0)" }
        let proof = callbacks["signed"]?.bool == true ? "signature checked" : "no signature to check"
        return "\(proof); \(counts.joined(separator: ", "))"
    }

    private var balance: String? {
        let told = (json["credentials"]?.array ?? []).compactMap { key in
            Self.amount(key["balance"]).map { "\($0) with \(key["name"]?.string ?? "?")" }
        }
        return told.isEmpty ? nil : told.joined(separator: ", ")
    }

    private func text(_ name: String) -> String { printable(json[name]?.string ?? "?") }

    /// Why a key is not used for now, with the time that it lasts where that is known.
    private static func trouble(_ key: JSONValue) -> String? {
        guard let state = key["state"]?.string, state != "usable" else { return nil }
        let words = state.split(separator: "_").joined(separator: " ")
        return key["usable_in"]?.double.map { "\(words) for \(shortNumber($0, places: 0)) s" } ?? words
    }

    private static func amount(_ balance: JSONValue?) -> String? {
        guard let amount = balance?["amount"]?.double else { return nil }
        return "\(shortNumber(amount, places: 2)) \(balance?["unit"]?.string ?? "")"
    }
}

// MARK: Capabilities read back

extension ProviderEntry {
    private static func capabilities(_ operation: JSONValue) -> Capabilities {
        var means: [RequestField: [Capabilities.Means]] = [:]
        for member in operation["fields"]?.object ?? [:] {
            guard let field = RequestField(rawValue: member.key) else { continue }
            let ways = (member.value.array ?? []).compactMap(way)
            if !ways.isEmpty { means[field] = ways }
        }
        let usual: ClosedRange<Int> =
            if case .integers(let range)? = operation["usual_variations"].flatMap(limit) { range } else {
                1...1
            }
        return Capabilities(
            types: (operation["types"]?.array ?? []).compactMap { $0.string.flatMap(SoundType.init) },
            promptLimit: operation["prompt_limit"]?.integer.map { Int($0) } ?? 0,
            models: (operation["models"]?.array ?? []).compactMap(\.string),
            defaultModel: operation["default_model"]?.string,
            usualVariations: usual,
            means: means
        )
    }

    private static func way(_ json: JSONValue) -> Capabilities.Means? {
        let limit = json["range"].flatMap(limit) ?? choices(json) ?? .any
        return switch json["grade"]?.string.flatMap(Grade.init) {
        case .native: .native(limit)
        case .emulated: json["by"]?.string.flatMap(Capabilities.Emulation.init).map { .emulated($0, limit) }
        case .hint: .hint
        case nil: nil
        }
    }

    private static func choices(_ json: JSONValue) -> Capabilities.Limit? {
        if let words = json["choices"]?.array { return .choices(words.compactMap(\.string)) }
        return json["characters"]?.integer.map { .characters(Int($0)) }
    }

    private static func limit(_ range: JSONValue) -> Capabilities.Limit? {
        if let from = range["from"]?.integer, let to = range["to"]?.integer, from <= to {
            return .integers(Int(from)...Int(to))
        }
        guard let from = range["from"]?.double, let to = range["to"]?.double, from <= to else { return nil }
        return .numbers(from...to)
    }
}
