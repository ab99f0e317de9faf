import Synthesis
import Testing

@Suite struct AcousticTests {
    @Test("every recipe is audible, unclipped, and centred", arguments: Recipe.allCases)
    func levels(recipe: Recipe) {
        let sound = Sound(SoundSpecification(prompt: recipe.rawValue, duration: 1.5))
        #expect(sound.left.allSatisfy { $0.isFinite })
        #expect(sound.peak <= 0.944)
        #expect(sound.level > -34)
        #expect(sound.level < -12)
        #expect(abs(sound.offset) < 0.002)
    }

    @Test(
        "what goes on all the time has one loudness",
        arguments: ["rain", "wind", "fire", "crowd", "engine", "stream", "pad", "lofi"]
    )
    func sustained(prompt: String) {
        let sound = Sound(SoundSpecification(prompt: prompt, duration: 2))
        #expect(sound.level > -24)
        #expect(sound.level < -14)
    }

    @Test("soft is softer than loud")
    func modifiers() {
        let soft = Sound(SoundSpecification(prompt: "soft rain", duration: 1))
        let loud = Sound(SoundSpecification(prompt: "loud rain", duration: 1))
        #expect(soft.level < loud.level - 3)
    }

    @Test(
        "a sound that doesn't loop starts and ends in silence",
        arguments: ["rain", "lofi", "engine", "tone"]
    )
    func ends(prompt: String) {
        let sound = Sound(SoundSpecification(prompt: prompt, duration: 1.5))
        #expect(abs(sound.left.first ?? 1) < 0.001)
        #expect(abs(sound.left.last ?? 1) < 0.001)
    }

    @Test("the two sides differ", arguments: ["rain", "wind", "pad", "engine", "whoosh"])
    func width(prompt: String) {
        let sound = Sound(SoundSpecification(prompt: prompt, duration: 1))
        #expect(sound.left != sound.right)
    }

    @Test(
        "the join of a loop is like any other place in it",
        arguments: [
            "rain", "wind", "waves", "fire", "crowd", "engine", "tone", "pad", "bell", "drum loop", "lofi",
            "crickets", "odd", "thunder",
        ],
        [2.0, 3.3]
    )
    func loop(prompt: String, seconds: Double) {
        let sound = Sound(SoundSpecification(prompt: prompt, loop: true, duration: seconds))
        // The step from the last sample to the first, against the steps inside.
        let (steps, step) = sound.steps()
        #expect(step <= steps)
        // The change of curvature too: a corner is heard even where the values meet.
        let (bends, bend) = sound.bends()
        #expect(bend <= bends)
        // And the energy: no drop or burst that isn't elsewhere.
        let quarter = 2205
        let levels = sound.energies(window: quarter).map { max($0, 1e-9) }
        let before = sound.left.suffix(quarter).reduce(0.0) { $0 + Double($1 * $1) }
        let loudest = levels.max() ?? 0
        let quietest = levels.min() ?? 0
        #expect(before <= loudest * 1.5 && before >= quietest * 0.2)
    }

    @Test(
        "an asked tempo is heard on any prompt",
        arguments: [
            "drum loop", "lofi beat", "rain", "footsteps", "bell", "engine", "odd", "clicks", "techno",
            "wind",
        ],
        [90, 123]
    )
    func tempo(prompt: String, tempo: Int) {
        let sound = Sound(SoundSpecification(prompt: prompt, loop: true, tempo: tempo, duration: 4))
        let pulse = sound.pulse(tempo: Double(tempo))
        #expect(pulse > 2.5)
        #expect(pulse > 1.5 * sound.pulse(tempo: Double(tempo) * 1.13))
    }

    @Test(
        "an asked key is heard on any prompt",
        arguments: [
            "lofi", "ambient pad", "bell", "rain", "blip", "arpeggio", "engine", "wind", "alarm", "fire",
            "bass", "odd", "rock", "drum loop",
        ],
        [ScaleKey(tonic: 9, mode: .minor), ScaleKey(tonic: 6, mode: .major)]
    )
    func key(prompt: String, key: ScaleKey) {
        let sound = Sound(SoundSpecification(prompt: prompt, key: key, duration: 2))
        let share = sound.share(of: key)
        // Seven of twelve is chance.
        #expect(share > 0.75)
    }
}
