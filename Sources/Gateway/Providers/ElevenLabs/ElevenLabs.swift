import Sound

/// ElevenLabs: one long call that is answered with the audio itself.
///
/// Facts from the vendor's own Python SDK unless a line says otherwise.
package enum ElevenLabs {
    /// What the adapter can do.
    package static let provider = ProviderDescriptor(
        id: "elevenlabs",
        displayName: "ElevenLabs",
        kind: .vendor,
        defaultBaseURL: "https://api.elevenlabs.io",
        authentication: .header("xi-api-key"),
        // Nothing is ever polled.
        pace: PollPace(first: .seconds(1), ceiling: .seconds(1)),
        // The free plan's, seen in published tables: Starter has 3, Creator 5, Pro 10, Scale and Business 15.
        defaultConcurrency: 2,
        operations: [soundEffect, music],
        balance: ElevenLabsBalance(),
        // Music of ten minutes takes its time.
        answersWithin: .seconds(600)
    )

    /// One call makes one take; there is no count.
    private static let variations: [Capabilities.Means] = [
        .native(.integers(1...1)), .emulated(.fanOut, .integers(2...10)),
    ]

    private static func formats(_ native: [SoundFormat]) -> [Capabilities.Means] {
        [.native(.choices(native.map(\.rawValue))), .emulated(.conversion, .any)]
    }

    /// `loop` is documented for `eleven_text_to_sound_v2` only.
    ///
    /// Whether v3 refuses or ignores it is not known, and capabilities do not depend on the model: it is sent to
    /// whichever model was asked for.
    private static let soundEffect = Operation(
        name: "sound_effect",
        capabilities: Capabilities(
            types: [.effect],
            // The limit of the vendor's website; the API's own is not published.
            promptLimit: 450,
            models: [ElevenLabsEffects.defaultModel, "eleven_text_to_sound_v3"],
            defaultModel: ElevenLabsEffects.defaultModel,
            means: [
                .loop: [.native(.any)],
                .duration: [.native(.numbers(0.5...30))],
                .promptInfluence: [.native(.numbers(0...1))],
                .variations: variations,
                .format: formats([.mp3, .wav, .ogg]),
                .bpm: [.hint],
                .key: [.hint],
                .style: [.hint],
                .negativePrompt: [.hint],
                .instrumental: [.hint],
            ]
        ),
        delivery: .streamed(ElevenLabsEffects())
    )

    /// Prompts only: a seed, lyrics and sections belong to composition plans, which are not made here.
    private static let music = Operation(
        name: "music",
        capabilities: Capabilities(
            types: [.music],
            // A guess: no source that we trust gives the limit.
            promptLimit: 2000,
            models: [ElevenLabsMusic.defaultModel, "music_v2", "music_v2_5"],
            defaultModel: ElevenLabsMusic.defaultModel,
            means: [
                .duration: [.native(.numbers(3...600))],
                .instrumental: [.native(.any)],
                .variations: variations,
                .format: formats([.mp3, .ogg]),
                .loop: [.hint],
                .bpm: [.hint],
                .key: [.hint],
                .style: [.hint],
                .negativePrompt: [.hint],
                .vocalsOnly: [.hint],
                .gender: [.hint],
            ]
        ),
        delivery: .streamed(ElevenLabsMusic())
    )
}
