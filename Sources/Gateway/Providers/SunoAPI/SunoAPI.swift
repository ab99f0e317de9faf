import Sound

/// sunoapi.org: Suno's models behind a reseller's API.
///
/// Facts from the vendor's page "Generate Sounds" unless a line says otherwise.
package enum SunoAPI {
    /// What the adapter knows of the vendor.
    package static let provider = ProviderDescriptor(
        id: "sunoapi",
        displayName: "sunoapi.org",
        kind: .vendor,
        defaultBaseURL: "https://api.sunoapi.org",
        authentication: .bearer,
        // The vendor advises about every 30 s; clients in the wild poll faster at first without harm.
        pace: PollPace(first: .seconds(5), ceiling: .seconds(30)),
        // Documented for a sibling of the same family: about 100 running at once, 20 new ones per 10 s.
        defaultConcurrency: 20,
        operations: [sounds]
    )

    static let sounds = Operation(
        name: "sounds",
        capabilities: Capabilities(
            types: [.effect, .music],
            promptLimit: 500,
            models: ["V5", "V5_5"],
            defaultModel: "V5",
            // Not documented for sounds; music gives two, and clients take the first or all.
            usualVariations: 1...2,
            means: [
                .loop: [.native(.any)],
                .bpm: [.native(.integers(1...300))],
                .key: [.native(.choices(MusicalKey.all.map(\.description)))],
                .variations: [.emulated(.selection, .integers(1...1))],
                .format: [.native(.choices([SoundFormat.mp3.rawValue])), .emulated(.conversion, .any)],
                .duration: [.hint],
                .style: [.hint],
                .negativePrompt: [.hint],
                .instrumental: [.hint],
            ]
        ),
        delivery: .polled(SunoSounds()),
        // A public price list of 2026-09 says 2.5 credits a sound at a sibling; another tool says 5.
        estimate: { _ in Cost.Amount(2.5, "credits") }
    )
}
