/// A specification with all that it left open decided: lengths, tempo, key, layers.
struct Plan: Sendable {
    let recipes: [Recipe]
    let manner: Manner
    let style: DrumStyle
    let key: ScaleKey
    let isKeyed: Bool
    /// Frames per beat of the grid; `nil` without a tempo.
    let beat: Double?
    /// Frames of the output.
    let frames: Int
    /// Frames that are really made; a longer output repeats them.
    let cycle: Int
    let wraps: Bool
    let isMusic: Bool
    let seed: UInt64

    /// The longest cycle in frames: two stereo canvases of it stay under 17 MiB.
    private static let longestCycle = 24 * Synthesizer.sampleRate

    init(_ specification: SoundSpecification) {
        let rate = Double(Synthesizer.sampleRate)
        var random = Random(seed: specification.seed ^ fingerprint(specification.prompt))
        // The take must not choose other instruments, only play them otherwise.
        let base = random.next()
        let reading = Reading(prompt: specification.prompt, isMusic: specification.isMusic, seed: base)
        var take = Random(
            seed: base &+ UInt64(bitPattern: Int64(specification.variation)) &* 0xD1B5_4A32_D192_ED03
        )
        style = reading.style ?? .plain
        manner = reading.manner
        isMusic = reading.isMusic
        let tempo =
            specification.tempo
            ?? (reading.isMusic ? style.tempo.lowerBound + random.index(style.tempo.count) : nil)
        var recipes = reading.recipes
        let drawn = ScaleKey(
            tonic: take.index(12),
            mode: reading.manner.mode ?? (take.chance(0.6) ? .minor : .major)
        )
        key = specification.key ?? drawn
        isKeyed = specification.key != nil
        if isKeyed, !recipes.contains(where: \.carriesKey) {
            recipes.append(reading.isMusic ? .bass : .drone)
        }
        self.recipes = recipes
        seed = take.next()

        var beat = tempo.map { 60 * rate / Double($0) }
        var seconds = specification.duration
        if let beat, seconds == nil {
            let bar = 4 * beat / rate
            let wanted =
                reading.isMusic
                ? (specification.loop ? 8 : 18) : reading.recipes.map(\.usualSeconds).max() ?? 8
            var bars = max(1, (wanted * Double(manner.length) / bar).rounded())
            if bars > 2 { bars = (bars / 2).rounded() * 2 }
            seconds = min(bars * bar, 600)
        }
        let usual = (reading.recipes.map(\.usualSeconds).max() ?? 8) * Double(manner.length)
        frames = Int(((seconds ?? max(usual, 0.5)) * rate).rounded())
        // A very slow beat is subdivided: a bar must fit into a cycle, and all asked beats are still on the grid.
        while let slow = beat, slow > rate * 1.5 { beat = slow / 2 }
        self.beat = beat
        wraps = specification.loop || frames > Self.longestCycle
        cycle = Self.cycle(frames: frames, beat: beat, loops: specification.loop)
    }

    /// The output itself when it's short; else whole bars, or an even share of a loop.
    private static func cycle(frames: Int, beat: Double?, loops: Bool) -> Int {
        guard frames > longestCycle else { return frames }
        guard let beat else {
            return loops ? frames / ((frames + longestCycle - 1) / longestCycle) : longestCycle
        }
        let bar = 4 * beat
        let most = Int(Double(longestCycle) / bar)
        let all = Double(frames) / bar
        var bars = most >= 4 ? most / 4 * 4 : most
        if loops, abs(all - all.rounded()) < 0.001,
            let divisor = stride(from: most, to: most / 2, by: -1).first(where: {
                Int(all.rounded()) % $0 == 0
            })
        {
            bars = divisor
        }
        return Int((Double(bars) * bar).rounded())
    }
}
