import Synthesis
import Testing

@Suite struct SpecificationTests {
    @Test(
        "the length is the asked one, to the sample",
        arguments: [(0.5, 22_050), (1.0, 44_100), (1.23456, 54_444), (2.00001, 88_200)]
    )
    func duration(seconds: Double, frames: Int) {
        let specification = SoundSpecification(prompt: "bell and click", duration: seconds)
        #expect(Synthesizer(specification).frameCount == frames)
        #expect(Sound(specification).frames == frames)
    }

    @Test("ten minutes are counted without being made")
    func longest() {
        #expect(Synthesizer(SoundSpecification(prompt: "rain", duration: 600)).frameCount == 600 * 44_100)
    }

    @Test("a longer sound than a cycle keeps its length and its seam", arguments: [true, false])
    func beyondTheCycle(loop: Bool) {
        let sound = Sound(SoundSpecification(prompt: "whoosh", loop: loop, duration: 25.4321))
        #expect(sound.frames == 1_121_556)
        #expect(sound.peak > 0.1)
    }

    @Test(
        "the same specification gives the same samples, whatever the block",
        arguments: ["rain", "lofi", "bell", "something odd"]
    )
    func determinism(prompt: String) {
        let specification = SoundSpecification(prompt: prompt, duration: 0.8, seed: 7, variation: 1)
        let first = Sound(specification)
        let second = Sound(specification, block: 777)
        #expect(first.left == second.left)
        #expect(first.right == second.right)
    }

    @Test(
        "another take or another seed is another sound",
        arguments: [
            "rain", "thunder", "bell", "click", "engine", "drum loop", "ambient pad", "door slam", "birds",
            "whoosh", "odd",
        ]
    )
    func variation(prompt: String) {
        let sound = Sound(SoundSpecification(prompt: prompt, duration: 1))
        let take = Sound(SoundSpecification(prompt: prompt, duration: 1, variation: 1))
        let seed = Sound(SoundSpecification(prompt: prompt, duration: 1, seed: 99))
        #expect(abs(sound.correlation(with: take)) < 0.6)
        #expect(abs(sound.correlation(with: seed)) < 0.6)
    }

    @Test(
        "words choose the layers",
        arguments: [
            ("Heavy RAIN with distant thunder", ["rain", "thunder"]),
            ("rain, no thunder", ["rain"]),
            ("waves without any wind", ["waves"]),
            ("birds", ["birds"]),
            ("a door slams", ["door"]),
            ("laser zap", ["laser"]),
            ("qwertz", ["texture"]),
            ("", ["texture"]),
        ]
    )
    func words(prompt: String, layers: [String]) {
        #expect(Synthesizer(SoundSpecification(prompt: prompt)).layers == layers)
    }

    @Test("a style names a whole band", arguments: musicStyles)
    func styles(style: MusicStyle) {
        let layers = Synthesizer(SoundSpecification(prompt: style.words[0] + " music", isMusic: true)).layers
        #expect(layers.count >= 2)
    }

    @Test("each word of the vocabulary calls its recipe", arguments: vocabulary)
    func vocabularyWords(entry: VocabularyEntry) {
        for word in entry.words where !(entry.recipe == .impact && word == "door") {
            let layers = Synthesizer(SoundSpecification(prompt: "a \(word)")).layers
            #expect(layers.contains(entry.recipe.rawValue), "\(word)")
        }
    }

    @Test("the title reads like one")
    func title() {
        #expect(Synthesizer(SoundSpecification(prompt: "rain and thunder")).title == "Rain, thunder")
    }

    @Test("music of no given length has whole bars", arguments: [60, 97, 120, 300])
    func wholeBars(tempo: Int) {
        let frames = Synthesizer(SoundSpecification(prompt: "lofi", isMusic: true, loop: true, tempo: tempo))
            .frameCount
        let bars = Double(frames) / 44_100 * Double(tempo) / 240
        #expect(abs(bars - bars.rounded()) < 0.0001)
        #expect(bars >= 1)
    }
}
