package import Providers
import Sound

/// Larkspur: sound effects by jobs that are created, then polled.
///
/// Facts from the vendor's page "Effects", which is made up like the vendor.
package enum Larkspur {
    /// What the adapter can do.
    package static let provider = ProviderDescriptor(
        id: "larkspur",
        displayName: "Larkspur",
        kind: .vendor,
        defaultBaseURL: "https://api.larkspur.example",
        authentication: .header("X-Api-Key"),
        pace: PollPace(first: .seconds(1), ceiling: .seconds(10)),
        defaultConcurrency: 4,
        operations: [effects]
    )

    private static let effects = Operation(
        name: "effects",
        capabilities: Capabilities(
            types: [.effect],
            promptLimit: 400,
            means: [
                .duration: [.native(.numbers(1...20)), .hint],
                .loop: [.native(.any)],
                .format: [.native(.choices(["wav"])), .emulated(.conversion, .any)],
                .variations: [.native(.integers(1...1)), .emulated(.fanOut, .integers(2...10))],
                .style: [.hint],
                .negativePrompt: [.hint],
            ]
        ),
        delivery: .polled(LarkspurEffects()),
        // Two credits for each second that has begun; five seconds when nobody says.
        estimate: { request in Cost.Amount((request.duration ?? 5).rounded(.up) * 2, "credits") }
    )
}
