import Glibc

/// A low roar, a hiss, and crackles of all sizes.
func paintFire(_ canvas: inout Canvas, _ scene: inout Scene) {
    var noises = [PinkNoise(&scene.random), PinkNoise(&scene.random)]
    var roars = [Resonator(cutoff: 160), Resonator(cutoff: 180)]
    var hisses = [Smoother(cutoff: 3000), Smoother(cutoff: 3000)]
    var flicker = Wander(period: 0.18, &scene.random)
    canvas.overlay { _ in
        let level = 0.35 + 0.35 * flicker.next()
        func side(_ index: Int) -> Float {
            let noise = noises[index].next()
            return roars[index].lowpass(noise) * level * 0.4 + hisses[index].highpass(noise) * 0.09 * level
        }
        return (side(0), side(1))
    }
    for _ in 0..<Int(scene.seconds * 22 * scene.manner.intensity) {
        let size = powf(scene.random.unit(), 4)
        let decay = scene.random.between(200, 900) / (1 + 2 * size)
        var noise = Random(seed: scene.random.next())
        var band = Resonator(cutoff: scene.random.between(1200, 6000), resonance: 1.5)
        canvas.strike(
            at: scene.random.index(scene.frames),
            seconds: 6 / decay,
            gain: 0.12 + 1.3 * size,
            pan: scene.random.noise() * 0.8
        ) { time in band.bandpass(noise.noise()) * expf(-decay * time) }
    }
}
