import Sound

/// The resellers of Suno's models that share one API: sunoapi.org, apibox.erweima.ai and kie.ai.
///
/// Facts from the vendors' pages "Generate Sounds" unless a line says otherwise. What tells the hosts apart is data:
/// `SunoProfile`.
package enum SunoAPI {
    /// sunoapi.org, the main one.
    package static let provider = descriptor(.sunoapi)
    /// apibox.erweima.ai, the older one: one model only.
    package static let apibox = descriptor(.apibox)
    /// kie.ai: more models, and error numbers of its own.
    package static let kie = descriptor(.kie)

    private static func descriptor(_ profile: SunoProfile) -> ProviderDescriptor {
        ProviderDescriptor(
            id: profile.id,
            displayName: profile.displayName,
            kind: .vendor,
            defaultBaseURL: profile.baseURL,
            authentication: .bearer,
            // The vendors advise about every 30 s; clients in the wild poll faster at first without harm. The limit
            // that kie.ai documents, three questions per second, is each job's own.
            pace: PollPace(first: .seconds(5), ceiling: .seconds(30)),
            // Documented by kie.ai: about 100 running at once, 20 new ones per 10 s. The others give no number.
            defaultConcurrency: 20,
            operations: [sounds(profile)],
            callbacks: .perJob(SunoCallbacks(profile: profile)),
            balance: SunoBalance(profile: profile)
        )
    }

    private static func sounds(_ profile: SunoProfile) -> Operation {
        Operation(
            name: "sounds",
            capabilities: Capabilities(
                types: [.effect, .music],
                promptLimit: 500,
                models: profile.models,
                defaultModel: SunoProfile.defaultModel,
                // Not documented for sounds; music gives two, and clients take the first or all.
                usualVariations: 1...2,
                means: [
                    .loop: [.native(.any)],
                    .bpm: [.native(.integers(1...300))],
                    .key: [.native(.choices(MusicalKey.all.map(\.description)))],
                    .variations: [
                        .emulated(.selection, .integers(1...1)), .emulated(.fanOut, .integers(2...10)),
                    ],
                    .timedLyrics: [.native(.any)],
                    .format: [.native(.choices([SoundFormat.mp3.rawValue])), .emulated(.conversion, .any)],
                    .duration: [.hint],
                    .style: [.hint],
                    .negativePrompt: [.hint],
                    .instrumental: [.hint],
                ]
            ),
            delivery: .polled(SunoSounds(profile: profile)),
            // A public price list of 2026-09 says 2.5 credits a sound at kie.ai; another tool says 5.
            estimate: { _ in Cost.Amount(2.5, "credits") }
        )
    }
}
