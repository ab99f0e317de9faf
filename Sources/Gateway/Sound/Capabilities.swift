/// What one operation of a provider can do, as data: which fields it meets, how well and within which limits.
///
/// Routing, refusals, `GET /v1/providers` and the documentation are all read off this one value.
package struct Capabilities: Sendable, Equatable {
    /// The values of a field that a provider takes.
    package enum Limit: Sendable, Equatable {
        case any
        case integers(ClosedRange<Int>)
        case numbers(ClosedRange<Double>)
        case choices([String])
        /// At most so many Unicode scalars.
        case characters(Int)
    }

    /// What the gateway does to meet a field that the provider has no parameter for.
    package enum Emulation: String, Sendable {
        /// Decodes the result and encodes it again in the wanted format.
        case conversion
        /// Keeps the first of the takes that the provider makes.
        case selection
        /// Calls the provider as often as it takes, each call an attempt of its own.
        case fanOut = "fan_out"
    }

    /// One way to meet a field.
    package enum Means: Sendable, Equatable {
        case native(Limit)
        case emulated(Emulation, Limit)
        /// A phrase in the prompt.
        case hint

        /// How good this way is.
        package var grade: Grade {
            switch self {
            case .native: .native
            case .emulated: .emulated
            case .hint: .hint
            }
        }

        /// The values that this way can meet.
        package var limit: Limit {
            switch self {
            case .native(let limit), .emulated(_, let limit): limit
            case .hint: .any
            }
        }
    }

    package var types: [SoundType]
    /// The longest prompt in Unicode scalars, after hints have been folded in.
    package var promptLimit: Int
    /// The models to choose from; empty where there is nothing to choose.
    package var models: [String]
    /// What stands in for an absent `model`.
    package var defaultModel: String?
    /// Ways to meet each field, best first; a field that is not here cannot be met.
    package var means: [RequestField: [Means]]
    /// How many takes come when nobody asks for a number.
    package var usualVariations: ClosedRange<Int>

    /// Capabilities from their parts.
    package init(
        types: [SoundType],
        promptLimit: Int,
        models: [String] = [],
        defaultModel: String? = nil,
        usualVariations: ClosedRange<Int> = 1...1,
        means: [RequestField: [Means]]
    ) {
        self.types = types
        self.promptLimit = promptLimit
        self.models = models
        self.defaultModel = defaultModel
        self.usualVariations = usualVariations
        self.means = means
    }
}

extension Capabilities.Limit {
    /// Whether the request's value of `field` lies within.
    package func admits(_ field: RequestField, of request: SoundRequest) -> Bool {
        switch self {
        case .any: true
        case .integers(let range):
            request.number(field).flatMap { Int(exactly: $0) }.map { range.contains($0) } ?? false
        case .numbers(let range): request.number(field).map { range.contains($0) } ?? false
        case .choices(let words): request.word(field).map { words.contains($0) } ?? false
        case .characters(let most): request.word(field).map { $0.unicodeScalars.count <= most } ?? false
        }
    }

    /// The limit in words: `from 0.5 to 30`, `one of mp3, wav`.
    package var words: String {
        switch self {
        case .any: "any value"
        case .integers(let range) where range.count == 1: "\(range.lowerBound)"
        case .integers(let range): "from \(range.lowerBound) to \(range.upperBound)"
        case .numbers(let range): "from \(plain(range.lowerBound)) to \(plain(range.upperBound))"
        case .choices(let words): "one of \(words.joined(separator: ", "))"
        case .characters(let most): "at most \(most) characters"
        }
    }
}

extension SoundRequest {
    /// A field's value as a number, where it has one.
    package func number(_ field: RequestField) -> Double? {
        switch field {
        case .bpm: bpm.map(Double.init)
        case .duration: duration
        case .variations: variations.map(Double.init)
        case .promptInfluence: promptInfluence
        case .seed: seed.map(Double.init)
        default: nil
        }
    }

    /// A field's value as text, where it has one.
    package func word(_ field: RequestField) -> String? {
        switch field {
        case .key: key?.description
        case .style: style
        case .lyrics: lyrics
        case .negativePrompt: negativePrompt
        case .gender: gender?.rawValue
        case .voice: voice
        case .format: format?.rawValue
        case .model: model
        default: nil
        }
    }

    /// The phrase that asks for a field in a prompt, or `nil` when words cannot ask for it.
    package func phrase(for field: RequestField) -> String? {
        switch field {
        case .loop: "seamless loop"
        case .bpm: bpm.map { "at \($0) BPM" }
        case .key: key.map { "in \($0.words)" }
        case .duration: duration.map { "\(plain($0)) seconds long" }
        case .style: style.map { "in the style of \($0)" }
        case .negativePrompt: negativePrompt.map { "without \($0)" }
        case .instrumental: "instrumental, no vocals"
        case .vocalsOnly: "a cappella, vocals only"
        case .gender: gender.map { "\($0.rawValue) voice" }
        default: nil
        }
    }
}
