import Glibc

/// A machine that turns: harmonics of a slow firing rate, and its breath.
func paintEngine(_ canvas: inout Canvas, _ scene: inout Scene) {
    let octave = scene.manner.pitch > 1.2 ? 2 : 1
    let root =
        scene.isKeyed
        ? scene.key.frequency(degree: 0, octave: octave) : scene.random.between(42, 62) * scene.manner.pitch
    let base = scene.seamless(root)
    let heights = (1...14).map { scene.random.between(0.4, 1) / powf(Float($0), 0.9) }
    let offsets = (1...14).map { _ in scene.random.unit() }
    var phase = 0.0
    let step = Double(base) / Double(rate)
    let shiver = scene.seamless(6.5) / rate
    var noises = [PinkNoise(&scene.random), PinkNoise(&scene.random)]
    var bands = [Resonator(cutoff: 220, resonance: 0.7), Resonator(cutoff: 240, resonance: 0.7)]
    var air = Wander(period: 0.3, &scene.random)
    for frame in 0..<scene.frames {
        var left: Float = 0
        var right: Float = 0
        for index in 0..<14 {
            let turn = Float(phase) * Float(index + 1) + offsets[index]
            let value = sinf(2 * .pi * (turn - floorf(turn))) * heights[index]
            left += value
            right += index.isMultiple(of: 2) ? value : -value * 0.6
        }
        let force = 0.16 * (1 + 0.15 * sinf(2 * .pi * shiver * Float(frame)))
        canvas.left[frame] += left * force
        canvas.right[frame] += right * force
        phase += step
        if phase >= 1 { phase -= 1 }
    }
    canvas.overlay { _ in
        let level = 0.25 + 0.2 * air.next()
        return (bands[0].bandpass(noises[0].next()) * level, bands[1].bandpass(noises[1].next()) * level)
    }
}

/// A still chord of tonic and fifth, for a key that nothing else carries.
func paintDrone(_ canvas: inout Canvas, _ scene: inout Scene) {
    let third = scene.random.chance(0.6) ? 2 : 4
    let notes: [(degree: Int, octave: Int, height: Float)] = [
        (0, 2, 0.5), (0, 3, 0.6), (4, 3, 0.35), (third, 4, 0.22), (0, 4, 0.25),
    ]
    for (number, note) in notes.enumerated() {
        let frequency = scene.key.frequency(degree: note.degree, octave: note.octave)
        let sides = [scene.seamless(frequency) / rate, scene.seamless(frequency * 1.0015 + 0.1) / rate]
        let slow = scene.seamless(0.11 + 0.07 * Float(number)) / rate
        let offset = scene.random.unit()
        var phases = [Double(scene.random.unit()), Double(scene.random.unit())]
        for frame in 0..<scene.frames {
            let swell = note.height * (0.75 + 0.25 * sinf(2 * .pi * (slow * Float(frame) + offset)))
            canvas.left[frame] += sinf(2 * .pi * Float(phases[0])) * swell
            canvas.right[frame] += sinf(2 * .pi * Float(phases[1])) * swell
            for side in 0..<2 {
                phases[side] += Double(sides[side])
                if phases[side] >= 1 { phases[side] -= 1 }
            }
        }
    }
}

/// Struck metal: partials that fade at their own pace.
func paintBell(_ canvas: inout Canvas, _ scene: inout Scene) {
    // A church bell's partials are out of any scale; a key gets a tuned chime.
    let partials: [(ratio: Float, height: Float, decay: Float)] =
        scene.isKeyed
        ? [(0.5, 0.4, 0.7), (1, 1, 1), (2, 0.6, 1.8), (3, 0.25, 2.6), (4, 0.3, 3.6), (8, 0.1, 7)]
        : [
            (0.5, 0.5, 0.5), (1, 1, 0.8), (1.19, 0.6, 1.1), (1.5, 0.3, 1.3), (2, 0.8, 1.2), (2.51, 0.35, 2),
            (2.67, 0.3, 2.2),
            (3.01, 0.35, 2.6), (4.17, 0.25, 3.6), (5.43, 0.15, 5),
        ]
    let octave = scene.manner.pitch > 1.2 ? 6 : scene.manner.pitch < 0.8 ? 4 : 5
    // In music it strikes once or twice a bar.
    for start in scene.moments(
        every: 2.4,
        looseness: 0.25,
        division: scene.isMusic ? scene.random.pick([0.25, 0.5]) : 1
    ) {
        let base = scene.key.frequency(degree: scene.random.pick([0, 0, 2, 4, 7]), octave: octave)
        for partial in partials {
            let frequency = base * partial.ratio
            let decay = partial.decay * 0.9 * scene.random.between(0.9, 1.1)
            let offset = scene.random.unit() * 0.3
            canvas.strike(
                at: start,
                seconds: min(6 / decay, 8),
                gain: partial.height * 0.3,
                pan: scene.random.noise() * 0.5
            ) { time in sinf(2 * .pi * (frequency * time + offset)) * expf(-decay * time) * min(1, time * 800)
            }
        }
    }
}

/// Two tones in turn, hard to ignore.
func paintAlarm(_ canvas: inout Canvas, _ scene: inout Scene) {
    let high = scene.key.frequency(degree: scene.random.pick([4, 7]), octave: 4)
    let low = scene.key.frequency(degree: scene.random.pick([0, 2]), octave: 4)
    let places = scene.moments(every: 0.5, looseness: 0)
    let gap = places.count > 1 ? Float(places[1] - places[0]) / rate : 0.5
    for (number, start) in places.enumerated() {
        let frequency = number.isMultiple(of: 2) ? high : low
        let length = min(gap * 0.7, 0.5)
        canvas.strike(at: start, seconds: length, gain: 0.5, pan: number.isMultiple(of: 2) ? -0.2 : 0.2) {
            time in
            let angle = 2 * .pi * frequency * time
            let value = sinf(angle) + 0.33 * sinf(3 * angle) + 0.2 * sinf(4 * angle)
            return value * min(1, time * 300) * min(1, (length - time) * 200)
        }
    }
}

/// A short figure of clean notes: an interface that answers.
func paintBlip(_ canvas: inout Canvas, _ scene: inout Scene) {
    for start in scene.moments(every: 1.2, looseness: 0.05) {
        let count = 2 + scene.random.index(3)
        let rises = scene.random.chance(0.7)
        let first = scene.random.index(4)
        let gap = scene.random.between(0.055, 0.1) / scene.manner.speed
        for number in 0..<count {
            let degree = first + 2 * (rises ? number : count - number)
            let frequency =
                scene.key.frequency(degree: degree, octave: 5) * (scene.isKeyed ? 1 : scene.manner.pitch)
            canvas.strike(
                at: start + Int(Float(number) * gap * rate),
                seconds: 0.45,
                gain: 0.6,
                pan: Float(number) * 0.3 - 0.3
            ) { time in
                let angle = 2 * .pi * frequency * time
                return (sinf(angle + 0.8 * expf(-time * 30) * sinf(angle * 2)) + 0.2 * sinf(angle * 2))
                    * expf(-time * 14)
                    * min(1, time * 600)
            }
        }
    }
}

/// A ray that falls through the octaves.
func paintLaser(_ canvas: inout Canvas, _ scene: inout Scene) {
    for start in scene.moments(every: 0.9, looseness: 0.3) {
        let top = scene.random.between(1800, 4200) * scene.manner.pitch
        let fall = scene.random.between(9, 18)
        let bottom = scene.isKeyed ? scene.key.frequency(degree: 0, octave: 3) : scene.random.between(90, 220)
        var phase: Float = 0
        canvas.strike(at: start, seconds: 0.6, gain: 0.7, pan: scene.random.noise() * 0.5) { time in
            phase += (bottom + top * expf(-fall * time)) / rate
            phase -= floorf(phase)
            return sinf(2 * .pi * phase + 1.2 * sinf(4 * .pi * phase)) * expf(-time * 7) * min(1, time * 800)
        }
    }
}
