import Glibc

/// A hiss of far drops, and single near ones.
func paintRain(_ canvas: inout Canvas, _ scene: inout Scene) {
    let intensity = scene.manner.intensity
    var noises = [Random(seed: scene.random.next()), Random(seed: scene.random.next())]
    var highs = [Resonator(cutoff: 900), Resonator(cutoff: 900)]
    var lows = [Smoother(cutoff: 3200 + 1200 * intensity), Smoother(cutoff: 3200 + 1200 * intensity)]
    var bodies = [Resonator(cutoff: 260, resonance: 0.6), Resonator(cutoff: 260, resonance: 0.6)]
    var swell = Wander(period: 1.7, &scene.random)
    canvas.overlay { _ in
        let level = 0.75 + 0.35 * swell.next()
        func side(_ index: Int) -> Float {
            let white = noises[index].noise()
            return level
                * (lows[index].lowpass(highs[index].highpass(white)) * 0.2 + bodies[index].bandpass(white)
                    * 0.12 * intensity)
        }
        return (side(0), side(1))
    }
    let drops = Int(scene.seconds * 60 * intensity)
    for _ in 0..<drops {
        let frequency = scene.random.between(1200, 5200)
        let decay = scene.random.between(120, 500)
        let loudness = scene.random.unit()
        canvas.strike(
            at: scene.random.index(scene.frames),
            seconds: 5 / decay,
            gain: 0.03 + 0.25 * loudness * loudness * loudness,
            pan: scene.random.noise()
        ) { time in
            sinf(2 * .pi * (frequency + 9000 * time) * time) * expf(-decay * time) * min(1, time * 2000)
        }
    }
}

/// Bubbles over a murmur: a brook, a river, a fountain.
func paintStream(_ canvas: inout Canvas, _ scene: inout Scene) {
    var noises = [PinkNoise(&scene.random), PinkNoise(&scene.random)]
    var bands = [Resonator(cutoff: 700, resonance: 0.6), Resonator(cutoff: 820, resonance: 0.6)]
    var swell = Wander(period: 0.4, &scene.random)
    canvas.overlay { _ in
        let level = 0.25 + 0.2 * swell.next()
        return (bands[0].bandpass(noises[0].next()) * level, bands[1].bandpass(noises[1].next()) * level)
    }
    for _ in 0..<Int(scene.seconds * 40 * scene.manner.intensity) {
        let frequency = scene.random.between(350, 1900) * scene.manner.pitch
        let rise = frequency * scene.random.between(1, 6)
        let decay = scene.random.between(30, 90)
        canvas.strike(
            at: scene.random.index(scene.frames),
            seconds: 6 / decay,
            gain: scene.random.between(0.02, 0.16),
            pan: scene.random.noise() * 0.9
        ) { time in
            sinf(2 * .pi * (frequency + rise * time) * time) * expf(-decay * time) * min(1, time * 500)
        }
    }
}
