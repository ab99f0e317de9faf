package import JSON

/// What a caller asks for, validated and normalized; absent fields are `nil`.
///
/// One value from the API's door to the adapters: nothing in it is ever dropped on the way, only met, converted or
/// refused by name.
package struct SoundRequest: Sendable, Equatable {
    package var prompt: String?
    package var type: SoundType
    package var loop: Bool?
    /// Beats per minute, 1–300.
    package var bpm: Int?
    package var key: MusicalKey?
    /// Seconds, 0.5–600.
    package var duration: Double?
    /// Different takes, 1–10; `nil` leaves it to the provider.
    package var variations: Int?
    package var style: String?
    package var lyrics: String?
    package var negativePrompt: String?
    package var instrumental: Bool?
    package var vocalsOnly: Bool?
    package var gender: VoiceGender?
    package var voice: String?
    package var timedLyrics: Bool?
    /// How literally to take the prompt, 0–1.
    package var promptInfluence: Double?
    package var seed: Int64?
    package var format: SoundFormat?
    package var temporary: Bool?
    /// The only providers to consider, in this order; empty means any.
    package var providers: [String] = []
    package var model: String?
    /// The weakest way to meet a field that the caller takes.
    package var accept: Grade?
    package var maxCost: Cost.Amount?
    /// Seconds until the task gives up; `nil` means the gateway's default.
    package var deadline: Double?
    /// An absolute `http` or `https` URL that is told of what happens to the task.
    package var webhookURL: String?
    package var metadata: [String: String] = [:]
    package var providerOptions: JSONObject = [:]

    /// The weakest acceptable grade, `emulated` unless the caller says otherwise.
    package static let defaultAccept = Grade.emulated

    /// A request for `prompt` and nothing else.
    package init(prompt: String?, type: SoundType = .effect) {
        self.prompt = prompt
        self.type = type
    }

    /// The fields that ask something of the sound, in the wire's order.
    ///
    /// A switch that is off asks nothing: `loop: false` is met by everyone.
    package var demands: [RequestField] {
        RequestField.demands.filter { field in
            switch field {
            case .loop: loop == true
            case .bpm: bpm != nil
            case .key: key != nil
            case .duration: duration != nil
            case .variations: variations != nil
            case .style: style != nil
            case .lyrics: lyrics != nil
            case .negativePrompt: negativePrompt != nil
            case .instrumental: instrumental == true
            case .vocalsOnly: vocalsOnly == true
            case .gender: gender != nil
            case .voice: voice != nil
            case .timedLyrics: timedLyrics == true
            case .promptInfluence: promptInfluence != nil
            case .seed: seed != nil
            case .format: format != nil
            case .temporary: temporary == true
            default: false
            }
        }
    }

    /// The request as callers see it again: the fields they set, in normalized spelling.
    package var json: JSONObject {
        var object: JSONObject = [:]
        func put(_ field: RequestField, _ value: JSONValue?) {
            if let value { object[field.rawValue] = value }
        }
        put(.prompt, prompt.map { .string($0) })
        put(.type, .string(type.rawValue))
        put(.loop, loop.map { .bool($0) })
        put(.bpm, bpm.map { .integer(Int64($0)) })
        put(.key, key.map { .string($0.description) })
        put(.duration, duration.map { .number($0) })
        put(.variations, variations.map { .integer(Int64($0)) })
        put(.style, style.map { .string($0) })
        put(.lyrics, lyrics.map { .string($0) })
        put(.negativePrompt, negativePrompt.map { .string($0) })
        put(.instrumental, instrumental.map { .bool($0) })
        put(.vocalsOnly, vocalsOnly.map { .bool($0) })
        put(.gender, gender.map { .string($0.rawValue) })
        put(.voice, voice.map { .string($0) })
        put(.timedLyrics, timedLyrics.map { .bool($0) })
        put(.promptInfluence, promptInfluence.map { .number($0) })
        put(.seed, seed.map { .integer($0) })
        put(.format, format.map { .string($0.rawValue) })
        put(.temporary, temporary.map { .bool($0) })
        put(.provider, providers.isEmpty ? nil : .array(providers.map { .string($0) }))
        put(.model, model.map { .string($0) })
        put(.accept, accept.map { .string($0.rawValue) })
        put(.maxCost, maxCost.map { ["amount": .number($0.amount), "unit": .string($0.unit)] })
        put(.deadline, deadline.map { .number($0) })
        put(.webhookURL, webhookURL.map { .string($0) })
        if !metadata.isEmpty {
            var map: JSONObject = [:]
            for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { map[key] = .string(value) }
            put(.metadata, .object(map))
        }
        put(.providerOptions, providerOptions.isEmpty ? nil : .object(providerOptions))
        return object
    }
}
