/// A field of a create request, by its name on the wire.
package enum RequestField: String, Sendable, CaseIterable {
    case prompt, type, loop, bpm, key, duration, variations, style, lyrics
    case negativePrompt = "negative_prompt"
    case instrumental
    case vocalsOnly = "vocals_only"
    case gender, voice
    case timedLyrics = "timed_lyrics"
    case promptInfluence = "prompt_influence"
    case seed, format, temporary, provider, model, accept
    case maxCost = "max_cost"
    case deadline
    case webhookURL = "webhook_url"
    case metadata
    case providerOptions = "provider_options"

    /// The fields that ask something of the sound, in the order in which answers name them.
    package static let demands: [RequestField] = [
        .loop, .bpm, .key, .duration, .variations, .style, .lyrics, .negativePrompt, .instrumental,
        .vocalsOnly,
        .gender, .voice, .timedLyrics, .promptInfluence, .seed, .format, .temporary,
    ]

    /// The fields whose presence makes a request one for music.
    package static let musical: [RequestField] = [
        .lyrics, .style, .instrumental, .vocalsOnly, .gender, .voice,
    ]
}
