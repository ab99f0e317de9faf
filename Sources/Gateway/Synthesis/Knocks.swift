import Glibc

/// A struck body: modes that ring and fade, and a puff of noise.
struct Knock {
    /// Hz, per second, height.
    var modes: [(frequency: Float, decay: Float, height: Float)]
    var noise: Float
    var noiseDecay: Float
    var noiseCutoff: Float

    func paint(_ canvas: inout Canvas, at start: Int, gain: Float, pan: Float, _ random: inout Random) {
        var white = Random(seed: random.next())
        var low = Resonator(cutoff: noiseCutoff, resonance: 0.8)
        let slowest = min(noiseDecay, modes.map(\.decay).min() ?? noiseDecay)
        canvas.strike(at: start, seconds: min(6 / slowest, 8), gain: gain, pan: pan) { time in
            var value = low.lowpass(white.noise()) * noise * expf(-noiseDecay * time)
            for mode in modes {
                value += sinf(2 * .pi * mode.frequency * time) * mode.height * expf(-mode.decay * time)
            }
            return value * min(1, time * 3000)
        }
    }
}

/// A switch, a key, a tap.
func paintClick(_ canvas: inout Canvas, _ scene: inout Scene) {
    for start in scene.moments(every: 1, looseness: 0.1) {
        let base = scene.random.between(1400, 2600) * scene.manner.pitch
        let knock = Knock(
            modes: [(base, 160, 0.6), (base * 1.83, 260, 0.4), (base * 0.31, 90, 0.5)],
            noise: 0.7,
            noiseDecay: 500,
            noiseCutoff: 7000
        )
        knock.paint(&canvas, at: start, gain: 0.9, pan: scene.random.noise() * 0.2, &scene.random)
        let release = start + Int(scene.random.between(0.05, 0.09) * rate)
        knock.paint(&canvas, at: release, gain: 0.3, pan: scene.random.noise() * 0.2, &scene.random)
    }
}

/// A blow, a crash, an explosion: a falling thump under debris.
func paintImpact(_ canvas: inout Canvas, _ scene: inout Scene) {
    let force = scene.manner.intensity
    for start in scene.moments(every: 2.5, looseness: 0.2) {
        let top = scene.random.between(110, 170) * scene.manner.pitch
        var phase: Float = 0
        canvas.strike(at: start, seconds: 1.2, gain: 1) { time in
            phase += (34 + top * expf(-time * 14)) / rate
            return sinf(2 * .pi * phase) * expf(-time * 4.5) * min(1, time * 1500)
        }
        for pan in [Float(-0.8), 0.8] {
            var noise = PinkNoise(&scene.random)
            var low = Resonator(cutoff: 5000, resonance: 0.7)
            var count = 0
            let decay = 5 / force
            canvas.strike(at: start, seconds: 5 / decay, gain: 0.9, pan: pan) { time in
                if count % 32 == 0 { low.tune(150 + 5500 * expf(-time * 9)) }
                count += 1
                return low.lowpass(noise.next()) * expf(-decay * time) * min(1, time * 2000)
            }
        }
        for _ in 0..<Int(10 * force) {
            let base = scene.random.between(300, 2400)
            let knock = Knock(
                modes: [(base, 60, 0.4), (base * 1.6, 90, 0.3)],
                noise: 0.6,
                noiseDecay: 120,
                noiseCutoff: 4000
            )
            knock.paint(
                &canvas,
                at: start + Int(scene.random.between(0.02, 0.5) * rate),
                gain: scene.random.between(0.03, 0.18),
                pan: scene.random.noise(),
                &scene.random
            )
        }
    }
}

/// A heavy door: wood, its frame, and the latch a moment later.
func paintDoor(_ canvas: inout Canvas, _ scene: inout Scene) {
    for start in scene.moments(every: 2.5, looseness: 0.1) {
        let size = scene.manner.pitch * scene.random.between(0.7, 1.4)
        let wood = Knock(
            modes: [
                (62 * size, 12, 1), (118 * size * scene.random.between(0.85, 1.2), 18, 0.8),
                (197 * size, 26, 0.5), (341 * size, 40, 0.3),
            ],
            noise: 1.3,
            noiseDecay: 38,
            noiseCutoff: 1400
        )
        wood.paint(&canvas, at: start, gain: 1, pan: -0.1, &scene.random)
        wood.paint(
            &canvas,
            at: start + Int(scene.random.between(0.01, 0.03) * rate),
            gain: 0.5,
            pan: 0.4,
            &scene.random
        )
        let latch = Knock(
            modes: [(1870 * size, 90, 0.3), (2950 * size, 130, 0.2)],
            noise: 0.4,
            noiseDecay: 300,
            noiseCutoff: 6000
        )
        latch.paint(
            &canvas,
            at: start + Int(scene.random.between(0.06, 0.12) * rate),
            gain: 0.45,
            pan: 0.25,
            &scene.random
        )
    }
}

/// Heel and toe, alternating sides.
func paintSteps(_ canvas: inout Canvas, _ scene: inout Scene) {
    for (number, start) in scene.moments(every: 0.55, looseness: 0.08).enumerated() {
        let size = scene.random.between(0.9, 1.1) * scene.manner.pitch
        let heel = Knock(
            modes: [(95 * size, 45, 0.8), (210 * size, 70, 0.4)],
            noise: 0.8,
            noiseDecay: 70,
            noiseCutoff: 1300
        )
        let toe = Knock(modes: [(160 * size, 80, 0.3)], noise: 0.8, noiseDecay: 55, noiseCutoff: 3200)
        let pan: Float = number.isMultiple(of: 2) ? -0.25 : 0.25
        heel.paint(&canvas, at: start, gain: scene.random.between(0.75, 1), pan: pan, &scene.random)
        let gap = scene.random.between(0.07, 0.1) / scene.manner.speed
        toe.paint(&canvas, at: start + Int(gap * rate), gain: 0.35, pan: pan, &scene.random)
    }
}

/// Tick and tock.
func paintClock(_ canvas: inout Canvas, _ scene: inout Scene) {
    let base = scene.random.between(1700, 2500) * scene.manner.pitch
    for (number, start) in scene.moments(every: 0.5, looseness: 0).enumerated() {
        let tone = number.isMultiple(of: 2) ? base : base * 0.83
        let knock = Knock(
            modes: [(tone, 120, 0.7), (tone * 2.3, 220, 0.3), (tone * 0.4, 70, 0.3)],
            noise: 0.5,
            noiseDecay: 400,
            noiseCutoff: 8000
        )
        knock.paint(&canvas, at: start, gain: number.isMultiple(of: 2) ? 1 : 0.75, pan: 0.1, &scene.random)
    }
}

/// Lub, dub.
func paintHeart(_ canvas: inout Canvas, _ scene: inout Scene) {
    for start in scene.moments(every: 0.86, looseness: 0.04) {
        for (delay, gain, tone) in [(Float(0), Float(1), Float(48)), (0.26, 0.6, 58)] {
            let knock = Knock(
                modes: [(tone * scene.manner.pitch, 16, 1), (tone * 1.9, 26, 0.4)],
                noise: 0.25,
                noiseDecay: 30,
                noiseCutoff: 220
            )
            let place = start + Int(min(delay, Float((scene.beat ?? 44_100) * 0.4) / rate) * rate)
            knock.paint(&canvas, at: place, gain: gain, pan: 0, &scene.random)
        }
    }
}
