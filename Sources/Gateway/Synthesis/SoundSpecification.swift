/// All that decides the samples of a synthesized sound: the same values give the same samples, on any day and machine word.
package struct SoundSpecification: Sendable, Equatable {
    /// What to hear, in words; `vocabulary` lists those that are known.
    package var prompt: String
    /// Whether music is wanted rather than an effect.
    package var isMusic: Bool
    /// Whether the end must run on into the start without a seam.
    package var loop: Bool
    /// Beats per minute, 1...300; `nil` leaves it to the prompt.
    package var tempo: Int?
    /// The scale that pitched material keeps to; `nil` leaves it to the seed.
    package var key: ScaleKey?
    /// Seconds, 0.5...600; `nil` is a sensible length for what the prompt names.
    package var duration: Double?
    /// Chooses among the sounds that fit the rest.
    package var seed: UInt64
    /// Which take, from 0; takes differ audibly.
    package var variation: Int

    /// A specification; tempo and duration beyond their ranges are brought to the nearest end.
    package init(
        prompt: String,
        isMusic: Bool = false,
        loop: Bool = false,
        tempo: Int? = nil,
        key: ScaleKey? = nil,
        duration: Double? = nil,
        seed: UInt64 = 0,
        variation: Int = 0
    ) {
        self.prompt = prompt
        self.isMusic = isMusic
        self.loop = loop
        self.tempo = tempo.map { min(max($0, 1), 300) }
        self.key = key
        self.duration = duration.map { $0.isFinite ? min(max($0, 0.5), 600) : 600 }
        self.seed = seed
        self.variation = variation
    }
}
