import Sound
import Synthesis

/// The provider without a vendor: a seeded procedural synthesizer, not AI.
package enum Builtin {
    /// What the adapter can do.
    package static let provider = ProviderDescriptor(
        id: "builtin",
        displayName: "Built-in synthesizer (procedural)",
        kind: .procedural,
        defaultBaseURL: nil,
        authentication: .none,
        pace: PollPace(first: .zero, ceiling: .zero),
        defaultConcurrency: 2,
        operations: [procedural]
    )

    static let procedural = Operation(
        name: "procedural",
        capabilities: Capabilities(
            types: [.effect, .music],
            promptLimit: 10_000,
            usualVariations: 1...1,
            means: [
                .loop: [.native(.any)],
                .bpm: [.native(.integers(1...300))],
                .key: [.native(.any)],
                .duration: [.native(.numbers(0.5...600))],
                .variations: [.native(.integers(1...10))],
                .instrumental: [.native(.any)],
                .seed: [.native(.any)],
                .format: [.native(.choices(SoundFormat.allCases.map(\.rawValue)))],
                .temporary: [.native(.any)],
                .style: [.hint],
            ]
        ),
        delivery: .rendered(ProceduralRenderer()),
        estimate: { _ in Cost.Amount(0, "credits") }
    )
}

/// Renders an order with the synthesizer.
struct ProceduralRenderer: SoundRendering {
    func takes(_ order: Order) -> Int { order.takes ?? 1 }

    func source(_ order: Order, take: Int, seed: UInt64) -> any FrameSource {
        let request = order.request
        return Synthesizer(
            SoundSpecification(
                prompt: order.prompt,
                isMusic: request.type == .music,
                loop: request.loop ?? false,
                tempo: request.bpm,
                key: request.key.map { ScaleKey(tonic: $0.tonic, mode: $0.mode == .minor ? .minor : .major) },
                duration: request.duration,
                seed: request.seed.map { UInt64(bitPattern: $0) } ?? seed,
                variation: take
            )
        )
    }
}

extension Synthesizer: FrameSource {}
