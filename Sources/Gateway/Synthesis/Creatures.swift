import Glibc

/// Voices at a distance, none to be understood.
func paintCrowd(_ canvas: inout Canvas, _ scene: inout Scene) {
    var voices = (0..<9).map { _ in Voice(&scene.random, pitch: scene.manner.pitch) }
    var noises = [PinkNoise(&scene.random), PinkNoise(&scene.random)]
    var bands = [Resonator(cutoff: 600, resonance: 0.8), Resonator(cutoff: 680, resonance: 0.8)]
    var swell = Wander(period: 0.6, &scene.random)
    canvas.overlay { frame in
        let level = 0.4 + 0.3 * swell.next()
        var left = bands[0].bandpass(noises[0].next()) * level
        var right = bands[1].bandpass(noises[1].next()) * level
        for index in voices.indices {
            let value = voices[index].next(frame)
            left += value * (1 - voices[index].pan)
            right += value * (1 + voices[index].pan)
        }
        return (left, right)
    }
}

/// A throat's pulses through two formants that move from syllable to syllable.
private struct Voice {
    let pan: Float
    private let base: Float
    private var phase: Float = 0
    private var tune: Wander
    private var mouth: Wander
    private var breath: Wander
    private var first = Resonator(cutoff: 500, resonance: 5)
    private var second = Resonator(cutoff: 1500, resonance: 6)
    private var height: Float = 0
    private var step: Float = 0

    init(_ random: inout Random, pitch: Float) {
        pan = random.noise() * 0.9
        base = random.between(95, 230) * pitch
        tune = Wander(period: 0.35, &random)
        mouth = Wander(period: random.between(0.12, 0.2), &random)
        breath = Wander(period: random.between(0.14, 0.22), &random)
    }

    mutating func next(_ frame: Int) -> Float {
        if frame % 32 == 0 {
            let shape = mouth.next(32)
            first.tune(320 + 480 * shape)
            second.tune(2100 - 1000 * shape)
            let loudness = breath.next(32)
            height = loudness * loudness * 0.35
            step = base * (0.85 + 0.4 * tune.next(32)) / rate
        }
        phase += step
        if phase >= 1 { phase -= 1 }
        let throat = (1 - phase) * (1 - phase) - 0.33
        return (first.bandpass(throat) + 0.6 * second.bandpass(throat)) * height
    }
}

/// Hands: many short bursts.
func paintApplause(_ canvas: inout Canvas, _ scene: inout Scene) {
    for _ in 0..<Int(scene.seconds * 90 * scene.manner.intensity) {
        var noise = Random(seed: scene.random.next())
        var band = Resonator(cutoff: scene.random.between(800, 2200), resonance: 1.3)
        let decay = scene.random.between(90, 220)
        canvas.strike(
            at: scene.random.index(scene.frames),
            seconds: 5 / decay,
            gain: scene.random.between(0.15, 0.6),
            pan: scene.random.noise()
        ) { time in band.bandpass(noise.noise()) * expf(-decay * time) }
    }
}

/// Phrases of sweeps and trills.
func paintBirds(_ canvas: inout Canvas, _ scene: inout Scene) {
    for start in scene.moments(every: 0.9, looseness: 0.8) {
        let base = scene.random.between(2200, 4600) * scene.manner.pitch
        let pan = scene.random.noise()
        let gain = scene.random.between(0.25, 0.7)
        let length = scene.random.between(0.05, 0.14)
        let sweep = scene.random.between(-0.5, 0.6)
        let trill = scene.random.chance(0.4) ? scene.random.between(25, 50) : 0
        for number in 0..<1 + scene.random.index(5) {
            var phase: Float = 0
            canvas.strike(
                at: start + Int(Float(number) * length * 1.5 * rate),
                seconds: length,
                gain: gain,
                pan: pan
            ) { time in
                let place = time / length
                phase += base * (1 + sweep * place + 0.08 * sinf(2 * .pi * trill * time)) / rate
                phase -= floorf(phase)
                return sinf(2 * .pi * phase) * sinf(.pi * place)
            }
        }
    }
}

/// A summer night: high pulses in short trains.
func paintCrickets(_ canvas: inout Canvas, _ scene: inout Scene) {
    for _ in 0..<5 {
        let tone = scene.random.between(3900, 5200)
        let period = scene.random.between(0.45, 0.8)
        let pan = scene.random.noise()
        let gain = scene.random.between(0.15, 0.4)
        let trains = max(1, Int(scene.seconds / period))
        let offset = scene.random.unit() * 0.9
        for train in 0..<trains {
            let start = Int((Float(train) + offset) / Float(trains) * Float(scene.frames))
            for pulse in 0..<3 {
                canvas.strike(
                    at: min(start + pulse * 1700, scene.frames - 1),
                    seconds: 0.03,
                    gain: gain,
                    pan: pan
                ) { time in
                    sinf(2 * .pi * tone * time) * sinf(.pi * time / 0.03)
                }
            }
        }
    }
}
