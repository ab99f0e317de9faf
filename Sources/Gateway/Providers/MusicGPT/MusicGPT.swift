import Sound

/// MusicGPT, operated by Lalals: sounds, and songs that always come in two versions.
///
/// Facts from the vendor's pages "Sound Generator" and "Music AI" unless a line says otherwise. The vendor has no call
/// that stops a job, and none that tells the account's balance.
package enum MusicGPT {
    /// What the adapter can do.
    package static let provider = ProviderDescriptor(
        id: "musicgpt",
        displayName: "MusicGPT",
        kind: .vendor,
        defaultBaseURL: "https://api.musicgpt.com/api/public",
        authentication: .rawAuthorization,
        // The vendor's own SDK asks every 3 s; documented are 200 questions per minute.
        pace: PollPace(first: .seconds(3), ceiling: .seconds(10), spacing: .milliseconds(300)),
        // Documented for MusicAI; the other calls are limited by 60 per minute instead.
        defaultConcurrency: 10,
        operations: [sound, music],
        callbacks: .perJob(MusicGPTCallbacks())
    )

    /// The length beyond which the server answers 422: seen, not documented.
    ///
    /// The page advises to stay under 280 "for guaranteed results".
    private static let promptLimit = 300

    private static let format: [Capabilities.Means] = [
        .native(.choices([SoundFormat.mp3.rawValue, SoundFormat.wav.rawValue])), .emulated(.conversion, .any),
    ]

    private static let sound = Operation(
        name: "sound",
        capabilities: Capabilities(
            types: [.effect],
            promptLimit: promptLimit,
            means: [
                .bpm: [.hint],
                .key: [.hint],
                // Documented is an integer without bounds; the samples show 20 and 30. A fraction of a second can only
                // be asked for in words.
                .duration: [.native(.integers(1...30)), .hint],
                .variations: [.native(.integers(1...1)), .emulated(.fanOut, .integers(2...10))],
                .negativePrompt: [.hint],
                .format: format,
            ]
        ),
        delivery: .polled(MusicGPTSound()),
        estimate: estimate
    )

    private static let music = Operation(
        name: "music",
        capabilities: Capabilities(
            types: [.music],
            promptLimit: promptLimit,
            usualVariations: 2...2,
            means: [
                .bpm: [.hint],
                .key: [.hint],
                // "Purely experimental"; 300 is the bound of the form in the vendor's own n8n node.
                .duration: [.native(.numbers(1...300)), .hint],
                .variations: [
                    .native(.integers(2...2)), .emulated(.selection, .integers(1...1)),
                    .emulated(.fanOut, .integers(3...10)),
                ],
                .style: [.native(.any)],
                .lyrics: [.native(.any)],
                // In the vendor's SDK, not on its page.
                .negativePrompt: [.native(.any)],
                .instrumental: [.native(.any)],
                .vocalsOnly: [.native(.any)],
                .gender: [.native(.choices(VoiceGender.allCases.map(\.rawValue)))],
                .voice: [.native(.any)],
                .timedLyrics: [.native(.any)],
                .format: format,
            ]
        ),
        delivery: .polled(MusicGPTMusic()),
        estimate: estimate
    )

    /// The `credit_estimate` in the sample answers of both pages.
    private static func estimate(_ request: SoundRequest) -> Cost.Amount? { credits(0.99) }

    /// An amount in the vendor's unit.
    static func credits(_ amount: Double) -> Cost.Amount { Cost.Amount(amount, "credits") }
}
