import Spelling
import Testing

@Suite struct NearestMatchTests {
    @Test(arguments: [
        ("bmp", "bpm"), ("duraton", "duration"), ("negativePrompt", "negative_prompt"), ("Loop", "loop"),
        ("keys", "key"), ("variation", "variations"),
    ])
    func aSlipFindsItsWord(_ slip: String, _ word: String) {
        let words = ["prompt", "loop", "bpm", "key", "duration", "variations", "negative_prompt"]
        #expect(nearestMatch(to: slip, among: words) == word)
    }

    @Test(arguments: ["", "temperature", "x", "zzzz"])
    func aStrangerFindsNothing(_ word: String) {
        #expect(nearestMatch(to: word, among: ["prompt", "loop", "bpm", "key"]) == nil)
    }

    @Test func aHintReadsAsTheEndOfASentence() {
        #expect(hint(for: "bmp", among: ["bpm"]) == "; did you mean \"bpm\"?")
        #expect(hint(for: "volume", among: ["bpm"]).isEmpty)
    }
}
