import Glibc

/// Gusts: noise through bands that wander.
func paintWind(_ canvas: inout Canvas, _ scene: inout Scene) {
    var noises = [PinkNoise(&scene.random), PinkNoise(&scene.random)]
    var howls = [Resonator(cutoff: 400, resonance: 5), Resonator(cutoff: 400, resonance: 5)]
    var bodies = [Resonator(cutoff: 250, resonance: 0.7), Resonator(cutoff: 280, resonance: 0.7)]
    var gust = Wander(period: 1.6 / scene.manner.speed, &scene.random)
    var drift = Wander(period: 0.9 / scene.manner.speed, &scene.random)
    var force: Float = 0
    let base = 260 * scene.manner.pitch
    canvas.overlay { frame in
        if frame % 32 == 0 {
            let strength = gust.next(32)
            force = 0.2 + 0.8 * strength
            let cutoff = base * (1 + 2.2 * strength + 0.8 * drift.next(32))
            howls[0].tune(cutoff)
            howls[1].tune(cutoff * 1.07)
            bodies[0].tune(base * (0.8 + strength))
            bodies[1].tune(base * (0.85 + strength))
        }
        func side(_ index: Int) -> Float {
            let noise = noises[index].next()
            return force * (howls[index].bandpass(noise) * 0.9 + bodies[index].bandpass(noise) * 0.6)
        }
        return (side(0), side(1))
    }
}

/// Something that passes by: a band of noise that rises and falls.
func paintWhoosh(_ canvas: inout Canvas, _ scene: inout Scene) {
    let length = min(1.1 / scene.manner.speed, scene.seconds * 0.9)
    for start in scene.moments(every: 2.2) {
        var noise = PinkNoise(&scene.random)
        var band = Resonator(cutoff: 300, resonance: 1.6)
        let summit = scene.random.between(1400, 3200) * scene.manner.pitch
        let crest = scene.random.between(0.3, 0.55)
        let side: Float = scene.random.chance(0.5) ? 1 : -1
        var count = 0
        // Two half-loud events with opposite pans would not move; a filter per side isn't worth it: pan by two strikes.
        for (pan, isLate) in [(-0.8 * side, false), (0.8 * side, true)] {
            let gain: Float = 0.8
            canvas.strike(at: start, seconds: length, gain: gain, pan: pan) { time in
                let place = time / length
                let shape = place < crest ? place / crest : (1 - place) / (1 - crest)
                if count % 16 == 0 { band.tune(220 + summit * shape * shape) }
                count += 1
                let motion = isLate ? place : 1 - place
                return band.bandpass(noise.next()) * shape * shape * (0.4 + motion)
            }
        }
    }
}

/// Swells that break and draw back.
func paintWaves(_ canvas: inout Canvas, _ scene: inout Scene) {
    let count = max(1, Int((scene.seconds * scene.manner.speed / 6.5).rounded()))
    let period = scene.seconds / Float(count)
    let heights = (0..<count).map { _ in scene.random.between(0.55, 1) }
    var noises = [PinkNoise(&scene.random), PinkNoise(&scene.random)]
    var hisses = [Random(seed: scene.random.next()), Random(seed: scene.random.next())]
    var lows = [Resonator(cutoff: 500), Resonator(cutoff: 500)]
    var highs = [Smoother(cutoff: 2500), Smoother(cutoff: 2500)]
    let offset = scene.random.between(0.15, 0.35)
    var swell: Float = 0
    canvas.overlay { frame in
        if frame % 32 == 0 {
            let place = Float(frame % scene.frames) / rate / period + offset
            let phase = place - floorf(place)
            // A slow rise, the break at 0.45, a long wash.
            let shape =
                phase < 0.45
                ? powf(phase / 0.45, 2.5) : expf(-(phase - 0.45) * 4.5) * (1 - (phase - 0.45) / 0.55)
            swell = 0.12 + heights[Int(place) % count] * shape
            lows[0].tune(180 + 2600 * swell * swell)
            lows[1].tune(200 + 2400 * swell * swell)
        }
        func side(_ index: Int) -> Float {
            lows[index].lowpass(noises[index].next()) * swell
                + highs[index].highpass(hisses[index].noise()) * 0.11 * swell * swell
        }
        return (side(0), side(1))
    }
}
