import Glibc

/// One cycle of a plan's sound, painted, mixed and levelled.
struct Composition: Sendable {
    let canvas: Canvas

    init(_ plan: Plan) {
        var mix = Canvas(frames: plan.cycle, wraps: plan.wraps)
        var layer = Canvas(frames: plan.cycle, wraps: plan.wraps)
        var shared = Random(seed: plan.seed)
        let progression = shared.pick(Progressions.all(plan.key.mode))
        for (number, recipe) in plan.recipes.enumerated() {
            if number > 0 { layer.clear() }
            var scene = Scene(
                random: Random(seed: plan.seed ^ fingerprint(recipe.rawValue)),
                key: plan.key,
                isKeyed: plan.isKeyed,
                beat: plan.beat,
                isMusic: plan.isMusic,
                manner: plan.manner,
                style: plan.style,
                progression: progression,
                frames: plan.cycle,
                wraps: plan.wraps
            )
            recipe.paint(&layer, &scene)
            if plan.beat != nil, !plan.isMusic, !recipe.carriesTempo { Self.pulse(&layer, scene) }
            let loudness = Loudness(layer).eventful
            if loudness > 1e-9 { mix.mix(layer, gain: 0.2 * powf(10, recipe.level / 20) / loudness) }
        }
        layer = Canvas(frames: 0, wraps: false)
        Self.place(&mix, plan)
        Self.level(&mix, plan)
        canvas = mix
    }

    /// Makes the tempo heard in what has no events on the beat: each beat swells at once and falls back.
    private static func pulse(_ canvas: inout Canvas, _ scene: Scene) {
        guard let beat = scene.beat else { return }
        let places = scene.grid()
        for (number, place) in places.enumerated() {
            let end = number + 1 < places.count ? places[number + 1] : canvas.frames
            let accent: Float = number % 4 == 0 ? 1 : 0.85
            for frame in place..<end {
                let time = Float(frame - place)
                let fall = expf(-time / Float(beat) * 3.5) * accent
                // The last 5 ms rise to meet the next beat, so the step is no click.
                let rest = Float(end - frame)
                let gain =
                    rest < 220 ? max(0.22 + 0.78 * fall, 0.22 + 0.78 * (1 - rest / 220)) : 0.22 + 0.78 * fall
                canvas.left[frame] *= gain
                canvas.right[frame] *= gain
            }
        }
    }

    /// Puts the mix into its space: distance, room, and nothing below hearing.
    private static func place(_ mix: inout Canvas, _ plan: Plan) {
        let manner = plan.manner
        var subs = (Resonator(cutoff: 24), Resonator(cutoff: 24))
        mix.process { (subs.0.highpass($0), subs.1.highpass($1)) }
        if let cutoff = manner.cutoff {
            var lows = (Resonator(cutoff: cutoff), Resonator(cutoff: cutoff))
            mix.process { (lows.0.lowpass($0), lows.1.lowpass($1)) }
        }
        let dry =
            plan.recipes.contains { $0 == .door || $0 == .birds || $0 == .bell || $0 == .arpeggio }
            ? Float(0.12) : 0.03
        var reverb = Reverb(size: manner.space)
        let share = dry + manner.reverb
        mix.process { left, right in
            let wet = reverb.next(left, right)
            return (left + wet.0 * share, right + wet.1 * share)
        }
    }

    /// Brings the mix to its loudness and under the ceiling.
    private static func level(_ mix: inout Canvas, _ plan: Plan) {
        let wanted = -18 + min(max(plan.manner.level, -8), 3)
        let gain = Loudness(mix).gain(to: powf(10, wanted / 20))
        for frame in 0..<mix.frames {
            mix.left[frame] = limit(mix.left[frame] * gain)
            mix.right[frame] = limit(mix.right[frame] * gain)
        }
    }
}
