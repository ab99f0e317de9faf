import Glibc

/// One second in frames, as the recipes count.
let rate = Float(Synthesizer.sampleRate)

/// A first-order lowpass.
struct Smoother {
    private var value: Float = 0
    private let share: Float

    init(cutoff: Float) { share = 1 - expf(-2 * .pi * cutoff / rate) }

    mutating func lowpass(_ input: Float) -> Float {
        value += share * (input - value)
        return value
    }

    mutating func highpass(_ input: Float) -> Float { input - lowpass(input) }
}

/// A second-order state variable filter (trapezoidal), whose cutoff may move at any time.
struct Resonator {
    private var first: Float = 0
    private var second: Float = 0
    private var gain: Float = 0
    private let damping: Float
    private var scale: Float = 0

    init(cutoff: Float, resonance: Float = 0.7) {
        damping = 1 / resonance
        tune(cutoff)
    }

    /// Moves the cutoff, in Hz.
    mutating func tune(_ cutoff: Float) {
        gain = tanf(.pi * min(max(cutoff, 10), 20_000) / rate)
        scale = 1 / (1 + gain * (gain + damping))
    }

    /// Passes what lies around the cutoff, with the same height for any resonance.
    mutating func bandpass(_ input: Float) -> Float {
        step(input)
        return damping * band
    }

    mutating func lowpass(_ input: Float) -> Float {
        step(input)
        return low
    }

    mutating func highpass(_ input: Float) -> Float {
        step(input)
        return input - damping * band - low
    }

    private var band: Float = 0
    private var low: Float = 0

    private mutating func step(_ input: Float) {
        let rest = input - second
        band = scale * (first + gain * rest)
        low = second + gain * band
        first = 2 * band - first
        second = 2 * low - second
    }
}

/// Noise that falls by 3 dB per octave (Kellet's economy filter).
struct PinkNoise {
    private var random: Random
    private var poles: (Float, Float, Float) = (0, 0, 0)

    init(_ random: inout Random) { self.random = Random(seed: random.next()) }

    mutating func next() -> Float {
        let white = random.noise()
        poles.0 = 0.99765 * poles.0 + white * 0.099046
        poles.1 = 0.963 * poles.1 + white * 0.2965164
        poles.2 = 0.57 * poles.2 + white * 1.0526913
        return (poles.0 + poles.1 + poles.2 + white * 0.1848) * 0.3
    }
}

/// A smooth random walk from 0 to 1 between points `period` seconds apart.
struct Wander {
    private var random: Random
    private var from: Float
    private var to: Float
    private var phase: Float = 0
    private let step: Float

    init(period: Float, _ random: inout Random) {
        self.random = Random(seed: random.next())
        from = self.random.unit()
        to = self.random.unit()
        step = 1 / (period * rate)
    }

    /// The value `frames` frames later.
    mutating func next(_ frames: Int = 1) -> Float {
        phase += step * Float(frames)
        if phase >= 1 {
            phase -= 1
            from = to
            to = random.unit()
        }
        return from + (to - from) * phase * phase * (3 - 2 * phase)
    }
}
