import Glibc

/// A crack, then a rumble that rolls through several lobes.
func paintThunder(_ canvas: inout Canvas, _ scene: inout Scene) {
    let isFar = scene.manner.cutoff != nil
    let strikes =
        scene.beat == nil
        ? scene.moments(every: 9, looseness: 0.5)
        : stride(from: 0, to: scene.frames, by: Int((scene.beat ?? 1) * 8)).map { $0 }
    for start in strikes {
        let length = min(scene.random.between(4.5, 6.5), max(scene.seconds * (scene.wraps ? 0.95 : 1), 0.4))
        let lobes = (0..<6).map { _ in
            (
                at: scene.random.between(0, length * 0.6), height: scene.random.between(0.3, 1),
                fall: scene.random.between(1, 3)
            )
        }
        for pan in [Float(-0.7), 0.7] {
            var noise = PinkNoise(&scene.random)
            var low = Resonator(cutoff: 90, resonance: 0.8)
            var slow = Smoother(cutoff: 12)
            var count = 0
            canvas.strike(at: start, seconds: length, gain: 1.6, pan: pan) { time in
                if count % 64 == 0 { low.tune(70 + 260 * expf(-time * 0.9)) }
                count += 1
                var height = expf(-time * 1.2)
                for lobe in lobes where time > lobe.at {
                    height += lobe.height * 0.8 * expf(-(time - lobe.at) * lobe.fall)
                }
                return low.lowpass(noise.next()) * slow.lowpass(height) * min(1, (length - time) * 1.5)
            }
        }
        guard !isFar else { continue }
        for _ in 0..<7 {
            var noise = Random(seed: scene.random.next())
            var band = Resonator(cutoff: scene.random.between(900, 3500), resonance: 0.7)
            let decay = scene.random.between(9, 40)
            canvas.strike(
                at: start + Int(scene.random.unit() * 0.22 * rate),
                seconds: 5 / decay,
                gain: scene.random.between(0.3, 0.9),
                pan: scene.random.noise() * 0.6
            ) { time in band.bandpass(noise.noise()) * expf(-decay * time) * min(1, time * 900) }
        }
    }
}
