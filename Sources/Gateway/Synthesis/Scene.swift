/// What a recipe knows besides its canvas.
struct Scene: Sendable {
    var random: Random
    var key: ScaleKey
    /// Whether the key was asked for, rather than drawn.
    var isKeyed: Bool
    /// Frames from one beat to the next; `nil` when there is no tempo.
    var beat: Double?
    var isMusic: Bool
    var manner: Manner
    var style: DrumStyle
    var progression: [Int]
    let frames: Int
    let wraps: Bool

    /// The length in seconds.
    var seconds: Float { Float(frames) / rate }

    /// Where the grid of `division` steps per beat falls; the last step goes when less than half of it would be left before the end.
    func grid(_ division: Double = 1, beat override: Double? = nil) -> [Int] {
        guard let beat = override ?? beat else { return [] }
        let step = beat / division
        let count = max(1, Int((Double(frames) / step - 0.5).rounded(.up)))
        return (0..<count).map { Int((Double($0) * step).rounded()) }.filter { $0 < frames }
    }

    /// When events happen: on each beat, or every `period` seconds give or take `looseness` of it, the first one early.
    mutating func moments(every period: Float, looseness: Float = 0.3, division: Double = 1) -> [Int] {
        if beat != nil { return grid(division) }
        let period = period / manner.speed
        guard seconds > period * 1.5 else { return [Int(min(0.02, seconds / 10) * rate)] }
        // Evenly over the cycle, so that the gap at the join is like all others.
        let count = max(1, Int((seconds / period).rounded()))
        let step = seconds / Float(count)
        return (0..<count).map { index in
            let shift = index == 0 ? 0 : random.between(-looseness, looseness) * 0.5
            return min(max(Int((Float(index) + shift) * step * rate), 0), frames - 1)
        }
    }

    /// The nearest frequency with whole periods in a cycle that wraps, so that a steady tone has no seam.
    func seamless(_ frequency: Float) -> Float {
        wraps ? max(1, (frequency * seconds).rounded()) / seconds : frequency
    }
}

/// How the prompt wants it: what words like "soft" or "distant" change.
struct Manner: Sendable, Equatable {
    /// Density and force, 1 is usual.
    var intensity: Float = 1
    /// Level in dB against the usual.
    var level: Float = 0
    /// Events in a given time, 1 is usual.
    var speed: Float = 1
    /// Pitch, 1 is usual; large things are low.
    var pitch: Float = 1
    /// The edge of a lowpass in Hz; `nil` is none.
    var cutoff: Float?
    /// Share of reverb.
    var reverb: Float = 0
    /// The length of the space, 0...1.
    var space: Float = 0.4
    var length: Float = 1
    var mode: ScaleKey.Mode?
}
