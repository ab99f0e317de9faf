import Glibc

/// Chord roots per bar, as degrees of the scale; all of them stay in it.
enum Progressions {
    static func all(_ mode: ScaleKey.Mode) -> [[Int]] {
        switch mode {
        case .major: [[0, 4, 5, 3], [0, 5, 3, 4], [1, 4, 0, 5], [0, 3, 0, 4], [3, 4, 2, 5]]
        case .minor: [[0, 5, 2, 6], [0, 3, 5, 6], [0, 6, 5, 6], [0, 2, 6, 3], [5, 6, 0, 0]]
        }
    }
}

extension Scene {
    /// Each bar's place, its length in frames, and its chord's root.
    var bars: [(start: Int, length: Int, root: Int)] {
        let bar = (beat ?? 22_050) * 4
        let count = max(1, Int((Double(frames) / bar).rounded(.up)))
        return (0..<count).compactMap { number in
            let start = Int((Double(number) * bar).rounded())
            guard start < frames else { return nil }
            let end = min(frames, Int((Double(number + 1) * bar).rounded()))
            return (start, end - start, progression[number % progression.count])
        }
    }
}

/// Slow chords of detuned saws behind a soft filter.
func paintPad(_ canvas: inout Canvas, _ scene: inout Scene) {
    let lift = scene.random.index(2)
    for bar in scene.bars {
        let length = Float(bar.length) / rate
        let release: Float = 0.5
        for (number, degree) in [0, 2, 4, 7 + 2 * lift].enumerated() {
            let frequency = scene.key.frequency(degree: bar.root + degree, octave: bar.root > 3 ? 3 : 4)
            for side in [Float(-1), 1] {
                var first = scene.random.unit()
                var second = scene.random.unit()
                let steps = (frequency * (1 + 0.0022 * side) / rate, frequency * (1 - 0.0013 * side) / rate)
                var low = Resonator(cutoff: 900, resonance: 0.8)
                var count = 0
                canvas.strike(
                    at: bar.start,
                    seconds: length + release,
                    gain: number == 3 ? 0.08 : 0.14,
                    pan: side * 0.8
                ) { time in
                    first += steps.0
                    if first >= 1 { first -= 1 }
                    second += steps.1
                    if second >= 1 { second -= 1 }
                    if count % 64 == 0 { low.tune(500 + 900 * sinf(.pi * min(time / length, 1))) }
                    count += 1
                    return low.lowpass(first + second - 1) * min(1, time * 5)
                        * min(1, max(0, (length + release - time) / release))
                }
            }
        }
    }
}

/// The root in the low octaves, in the rhythm of the style.
func paintBass(_ canvas: inout Canvas, _ scene: inout Scene) {
    let rhythm = Array(
        scene.random.pick(
            scene.style.isHard
                ? ["x.x.x.x.x.x.x.x.", "..x...x...x...x."] : ["x.....x.x.......", "x..x..x.....x.x."]
        ).utf8
    )
    let step = (scene.beat ?? 22_050) / 4
    let bars = scene.bars
    for (number, place) in scene.grid(4).enumerated() where rhythm[number % 16] == UInt8(ascii: "x") {
        let root = bars[min(number / 16, bars.count - 1)].root
        let degree = number % 16 == 14 && scene.random.chance(0.4) ? root + 4 : root
        let frequency = scene.key.frequency(degree: degree, octave: root > 4 ? 1 : 2)
        let length = Float(step) / rate * 1.8
        var phase: Float = 0
        var low = Resonator(cutoff: 600, resonance: 1.4)
        var count = 0
        canvas.strike(at: place, seconds: length + 0.06, gain: 0.6) { time in
            phase += frequency / rate
            if phase >= 1 { phase -= 1 }
            if count % 32 == 0 { low.tune(160 + 900 * expf(-time * 9)) }
            count += 1
            let value = 0.6 * sinf(2 * .pi * phase) + 0.5 * low.lowpass(2 * phase - 1)
            return value * min(1, time * 250) * min(1, max(0, (length + 0.06 - time) * 16))
        }
    }
}

/// Plucks that run through the chord.
func paintArpeggio(_ canvas: inout Canvas, _ scene: inout Scene) {
    let shape = scene.random.pick([
        [0, 2, 4, 7, 9, 7, 4, 2], [0, 4, 7, 2, 9, 4, 7, 4], [7, 4, 2, 0, 4, 2, 7, 9],
        [0, 7, 4, 9, 2, 7, 4, 11],
    ])
    let division: Double = (scene.beat ?? 22_050) > 25_000 ? 4 : scene.random.pick([2, 4])
    let bars = scene.bars
    let perBar = Int(division) * 4
    for (number, place) in scene.grid(division).enumerated()
    where number % 4 == 0 || scene.random.chance(0.88) {
        let root = bars[min(number / perBar, bars.count - 1)].root
        let frequency = scene.key.frequency(degree: root + shape[number % 8], octave: 4)
        let gain: Float = number % 4 == 0 ? 0.5 : 0.34
        canvas.strike(
            at: place,
            seconds: 0.7,
            gain: gain,
            pan: number.isMultiple(of: 2) ? -0.45 : 0.45
        ) { time in
            let angle = 2 * .pi * frequency * time
            let bite = 1.6 * expf(-time * 14)
            return sinf(angle + bite * sinf(angle * 2)) * expf(-time * 6.5) * min(1, time * 500)
        }
    }
}

/// An electric piano's chords, a little behind and ahead of each other.
func paintKeys(_ canvas: inout Canvas, _ scene: inout Scene) {
    let rhythm = scene.random.pick([[0, 6], [0, 10], [0, 7, 12], [0, 8]])
    let step = (scene.beat ?? 22_050) / 4
    for bar in scene.bars {
        for place in rhythm {
            let start = bar.start + Int(Double(place) * step)
            guard start < bar.start + bar.length else { continue }
            for (number, degree) in [0, 2, 4, 6].enumerated() {
                let frequency = scene.key.frequency(degree: bar.root + degree, octave: bar.root > 3 ? 3 : 4)
                let gain = scene.random.between(0.16, 0.24) * (place == 0 ? 1 : 0.75)
                let late = number == 0 ? 0 : Int(scene.random.unit() * 0.012 * rate)
                canvas.strike(
                    at: min(start + late, scene.frames - 1),
                    seconds: 1.8,
                    gain: gain,
                    pan: Float(number) * 0.3 - 0.45
                ) { time in
                    let angle = 2 * .pi * frequency * time
                    let tine = 0.25 * expf(-time * 22) * sinf(angle * 14)
                    return sinf(angle + 0.9 * expf(-time * 4) * sinf(angle) + tine) * expf(-time * 2.4)
                        * min(1, time * 400)
                }
            }
        }
    }
}

/// Power chords through an amplifier that gives all it has.
func paintGuitar(_ canvas: inout Canvas, _ scene: inout Scene) {
    let accents = scene.random.pick([
        [0, 3, 6], [0, 2, 3, 4, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7], [0, 3, 4, 7],
    ])
    let step = Float(scene.beat ?? 22_050) / 2 / rate
    let bars = scene.bars
    for (number, place) in scene.grid(2).enumerated() where accents.contains(number % 8) {
        let root = bars[min(number / 8, bars.count - 1)].root
        let base = scene.key.frequency(degree: root, octave: 2)
        let length = step * (accents.contains((number + 1) % 8) ? 1 : 1.9)
        for side in [Float(-0.7), 0.7] {
            var phases: (Float, Float) = (scene.random.unit(), scene.random.unit())
            let tuned = base * (1 + side * 0.002)
            var cabinet = Resonator(cutoff: 2600, resonance: 0.8)
            canvas.strike(at: place, seconds: length, gain: 0.3, pan: side) { time in
                phases.0 += tuned / rate
                if phases.0 >= 1 { phases.0 -= 1 }
                // The fourth below is the fifth above an octave down; an equal-tempered fifth above stays in the scale.
                phases.1 += tuned * 2 / rate
                if phases.1 >= 1 { phases.1 -= 1 }
                let string = (2 * phases.0 - 1) + 0.7 * (2 * phases.1 - 1)
                return cabinet.lowpass(tanhf(3 * string * expf(-time * 1.5))) * min(1, time * 300)
                    * min(1, (length - time) * 80)
            }
        }
    }
}

/// Dust and scratches on an old record.
func paintVinyl(_ canvas: inout Canvas, _ scene: inout Scene) {
    var noise = PinkNoise(&scene.random)
    canvas.overlay { _ in
        let value = noise.next() * 0.05
        return (value, value)
    }
    for _ in 0..<Int(scene.seconds * 14) {
        let decay = scene.random.between(900, 2500)
        let size = scene.random.unit()
        canvas.strike(
            at: scene.random.index(scene.frames),
            seconds: 6 / decay,
            gain: 0.1 + 0.5 * size * size,
            pan: scene.random.noise()
        ) {
            time in expf(-decay * time) * cosf(2 * .pi * 2500 * time)
        }
    }
}

/// What an unknown prompt gets: a band of moving noise over a chord of its own, with sparks.
func paintTexture(_ canvas: inout Canvas, _ scene: inout Scene) {
    paintDrone(&canvas, &scene)
    var noises = [PinkNoise(&scene.random), PinkNoise(&scene.random)]
    let center = scene.random.between(250, 2200) * scene.manner.pitch
    var bands = [Resonator(cutoff: center, resonance: 2), Resonator(cutoff: center, resonance: 2)]
    var drift = Wander(period: scene.random.between(0.5, 2.5) / scene.manner.speed, &scene.random)
    canvas.overlay { frame in
        if frame % 32 == 0 {
            let place = drift.next(32)
            bands[0].tune(center * (0.5 + 1.4 * place))
            bands[1].tune(center * (1.9 - 1.4 * place))
        }
        return (bands[0].bandpass(noises[0].next()) * 1.4, bands[1].bandpass(noises[1].next()) * 1.4)
    }
    let degrees = [0, 2, 4, 7, 9, 11]
    for _ in 0..<Int(scene.seconds * scene.random.between(0.8, 3)) {
        let frequency = scene.key.frequency(degree: scene.random.pick(degrees), octave: 5)
        canvas.strike(
            at: scene.random.index(scene.frames),
            seconds: 0.9,
            gain: scene.random.between(0.05, 0.25),
            pan: scene.random.noise()
        ) {
            time in sinf(2 * .pi * frequency * time) * expf(-time * 6) * min(1, time * 120)
        }
    }
}
