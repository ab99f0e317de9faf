import Sound

/// VideoGen: jobs that are created, polled and can be stopped; their audio is asked for file by file.
///
/// Facts from the vendor's own SDKs and from its page "Generate sound effect" unless a line says otherwise.
package enum VideoGen {
    /// What the adapter can do.
    package static let provider = ProviderDescriptor(
        id: "videogen",
        displayName: "VideoGen",
        kind: .vendor,
        defaultBaseURL: "https://api.videogen.io",
        authentication: .bearer,
        // The SDK asks every 1.5 s.
        pace: PollPace(first: .milliseconds(1500), ceiling: .seconds(5)),
        // A guess: the limits are per key and hour, and their numbers could not be read.
        defaultConcurrency: 4,
        operations: [soundEffect],
        callbacks: .perAccount(VideoGenEvents(), VideoGenEndpoints())
    )

    private static let soundEffect = Operation(
        name: "sound_effect",
        capabilities: Capabilities(
            types: [.effect],
            // A guess: no source gives one.
            promptLimit: 1000,
            means: [
                // About ten seconds when nobody asks.
                .duration: [.native(.numbers(1...30))],
                // The range is a guess; the vendor gives none.
                .promptInfluence: [.native(.numbers(0...1))],
                .variations: [.native(.integers(1...100))],
                .temporary: [.native(.any)],
                // Whether files come as MP3 or WAV is nowhere said; what is there already is not converted.
                .format: [.emulated(.conversion, .any)],
                .loop: [.hint],
                .bpm: [.hint],
                .key: [.hint],
                .style: [.hint],
                .negativePrompt: [.hint],
                .instrumental: [.hint],
            ]
        ),
        delivery: .polled(VideoGenEffects())
    )
}
