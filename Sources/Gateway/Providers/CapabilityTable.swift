package import Sound

/// What operations can do, in words for people: on a terminal, and beside each other in the README.
package enum CapabilityTable {
    /// One operation, and what is told of its provider.
    package struct Subject: Sendable {
        /// `provider/operation`.
        package let name: String
        package let capabilities: Capabilities
        /// As in `GET /v1/providers`: `polled`, `streamed` or `rendered`.
        package let delivery: String
        package let callbacks: String?
        package let balance: String?

        /// A subject from its parts; `callbacks` and `balance` are shown as they are, `nil` where there are none.
        package init(
            name: String,
            capabilities: Capabilities,
            delivery: String,
            callbacks: String?,
            balance: String?
        ) {
            self.name = name
            self.capabilities = capabilities
            self.delivery = delivery
            self.callbacks = callbacks
            self.balance = balance
        }
    }

    /// A property and what the subject has to say of it.
    package struct Row: Sendable, Equatable {
        package let property: String
        /// `nil` where the subject cannot do it.
        package let value: String?
    }

    /// The rows of one subject: the same properties in the same order for every subject.
    package static func rows(of subject: Subject) -> [Row] {
        let capabilities = subject.capabilities
        let models = capabilities.models.map { $0 == capabilities.defaultModel ? "\($0) (default)" : $0 }
        let facts = [
            Row(property: "types", value: capabilities.types.map(\.rawValue).joined(separator: ", ")),
            Row(property: "prompt", value: "\(capabilities.promptLimit) characters"),
            Row(property: "model", value: models.isEmpty ? nil : models.joined(separator: ", ")),
        ]
        let fields = RequestField.demands.map { field in
            Row(property: field.rawValue, value: capabilities.means[field].map(words))
        }
        return facts + fields + [
            Row(property: "takes unasked", value: words(capabilities.usualVariations)),
            Row(property: "audio", value: meaning(ofDelivery: subject.delivery)),
            Row(property: "callbacks", value: subject.callbacks),
            Row(property: "balance", value: subject.balance),
        ]
    }

    /// A Markdown table with a column per operation of these adapters.
    package static func markdown(_ adapters: [ProviderDescriptor]) -> String {
        let subjects = adapters.flatMap(\.subjects)
        let columns = subjects.map(rows)
        let properties = columns.first?.map(\.property) ?? []
        let heading = [""] + subjects.map { "`\($0.name)`" }
        let lines = properties.enumerated().map { place, property in
            let name = RequestField(rawValue: property) == nil ? property : "`\(property)`"
            return [name] + columns.map { $0[place].value ?? "–" }
        }
        return ([heading, heading.map { _ in "---" }] + lines)
            .map { "| \($0.joined(separator: " | ")) |\n" }.joined()
    }

    /// The ways to meet a field, best first; one without a word for its grade is `native`.
    private static func words(_ ways: [Capabilities.Means]) -> String {
        ways.map { means in
            switch means {
            case .native(let limit): short(limit)
            case .emulated(let emulation, let limit):
                "\(limit == .any ? "any" : short(limit)) by \(name(of: emulation))"
            case .hint: Grade.hint.rawValue
            }
        }.joined(separator: "; ")
    }

    private static func short(_ limit: Capabilities.Limit) -> String {
        switch limit {
        case .any: "yes"
        case .integers(let range): words(range)
        case .numbers(let range): "\(plain(range.lowerBound))–\(plain(range.upperBound))"
        // All keys of music, say.
        case .choices(let words) where words.count > 8: "\(words.count) values"
        case .choices(let words): words.joined(separator: ", ")
        case .characters(let most): "up to \(most) characters"
        }
    }

    private static func words(_ range: ClosedRange<Int>) -> String {
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)–\(range.upperBound)"
    }

    private static func name(of emulation: Capabilities.Emulation) -> String {
        switch emulation {
        case .conversion: "conversion"
        case .selection: "selection"
        case .fanOut: "fan-out"
        }
    }

    private static func meaning(ofDelivery word: String) -> String {
        switch word {
        case "polled": "polled for"
        case "streamed": "in the answer"
        case "rendered": "made here"
        default: word
        }
    }
}

extension Operation.Delivery {
    /// The word for it in `GET /v1/providers`.
    package var word: String {
        switch self {
        case .polled: "polled"
        case .streamed: "streamed"
        case .rendered: "rendered"
        }
    }
}

extension ProviderDescriptor {
    /// The adapter's operations as nothing is configured yet.
    fileprivate var subjects: [CapabilityTable.Subject] {
        operations.map { operation in
            CapabilityTable.Subject(
                name: "\(id)/\(operation.name)",
                capabilities: operation.capabilities,
                delivery: operation.delivery.word,
                callbacks: callbackWords,
                balance: balance.map { _ in "told" }
            )
        }
    }

    private var callbackWords: String? {
        switch callbacks {
        case .none: nil
        case .perJob(let reader): reader.isSigned ? "per task, signed on wish" : "per task, unsigned"
        case .perAccount: "per account, signed"
        }
    }
}
