import Glibc

/// The style's bar, over and over, with a take's own small changes.
func paintDrums(_ canvas: inout Canvas, _ scene: inout Scene) {
    let style = scene.style
    var kit = DrumKit(isHard: style.isHard, isEpic: style.name == "epic", &scene)
    let patterns = [style.kick, style.snare, style.hat].map { Array($0.utf8) }
    // Soft strokes come or go per take and step, the same in each bar.
    let taken = (0..<48).map { _ in scene.random.chance(0.55) }
    let step = (scene.beat ?? 22_050) / 4
    for (number, place) in scene.grid(4).enumerated() {
        let late = number.isMultiple(of: 2) ? 0 : Int(step * style.swing)
        for (drum, pattern) in patterns.enumerated() {
            let mark = pattern[number % 16]
            let gain: Float
            switch mark {
            case UInt8(ascii: "X"): gain = 1
            case UInt8(ascii: "x"): gain = 0.7
            case UInt8(ascii: "o") where taken[drum * 16 + number % 16]: gain = 0.35
            default: continue
            }
            let start = min(place + late, scene.frames - 1)
            let force = gain * scene.random.between(0.9, 1)
            switch drum {
            case 0: kit.kick(&canvas, at: start, force)
            case 1: kit.snare(&canvas, at: start, force)
            default: kit.hat(&canvas, at: start, force, isOpen: number % 16 == 14 && taken[0])
            }
        }
    }
}

/// Three drums with a tuning of their own.
struct DrumKit {
    private var random: Random
    private let low: Float
    private let kickDecay: Float
    private let snareTone: Float
    private let snareDecay: Float
    private let hatCutoff: Float
    private let click: Float

    init(isHard: Bool, isEpic: Bool = false, _ scene: inout Scene) {
        random = Random(seed: scene.random.next())
        low = scene.isKeyed ? scene.key.frequency(degree: 0, octave: 1) : random.between(43, 56)
        kickDecay = isEpic ? 3.2 : random.between(isHard ? 6 : 8, isHard ? 9 : 12)
        snareTone = random.between(165, 215) * (isEpic ? 0.6 : 1)
        snareDecay = isEpic ? 9 : random.between(14, 22)
        hatCutoff = random.between(6500, 8500) * (isHard ? 1 : 0.8)
        click = isHard ? 0.5 : 0.22
    }

    mutating func kick(_ canvas: inout Canvas, at start: Int, _ gain: Float) {
        var phase: Float = 0
        var noise = Random(seed: random.next())
        canvas.strike(at: start, seconds: min(5 / kickDecay, 1.5), gain: gain * 1.25) { time in
            phase += (low + 150 * expf(-time * 42) + 900 * expf(-time * 320)) / rate
            return tanhf(1.5 * sinf(2 * .pi * phase)) * expf(-time * kickDecay) + noise.noise() * click
                * expf(-time * 350)
        }
    }

    mutating func snare(_ canvas: inout Canvas, at start: Int, _ gain: Float) {
        var noise = Random(seed: random.next())
        var high = Resonator(cutoff: 1400, resonance: 0.7)
        canvas.strike(at: start, seconds: 5 / snareDecay, gain: gain * 0.75, pan: 0.08) { time in
            let body = sinf(2 * .pi * snareTone * time) + 0.6 * sinf(2 * .pi * snareTone * 1.74 * time)
            return body * 0.5 * expf(-time * 28) + high.highpass(noise.noise()) * 0.75
                * expf(-time * snareDecay)
        }
    }

    mutating func hat(_ canvas: inout Canvas, at start: Int, _ gain: Float, isOpen: Bool) {
        var noise = Random(seed: random.next())
        var high = Resonator(cutoff: hatCutoff, resonance: 0.8)
        let decay: Float = isOpen ? 9 : 55
        canvas.strike(at: start, seconds: 5 / decay, gain: gain * 0.32, pan: -0.3) { time in
            high.highpass(noise.noise()) * expf(-time * decay)
        }
    }
}
