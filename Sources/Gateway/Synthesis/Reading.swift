/// What a prompt's words were understood to ask for.
struct Reading: Sendable {
    /// Never empty, at most five and in the order of the vocabulary.
    var recipes: [Recipe] = []
    var manner = Manner()
    var style: DrumStyle?
    var isMusic = false

    init(prompt: String, isMusic asked: Bool, seed: UInt64) {
        let words = Self.words(of: prompt)
        for entry in vocabulary where !words.isDisjoint(with: entry.words) { recipes.append(entry.recipe) }
        for rule in rules where !words.isDisjoint(with: rule.words) { rule.apply(&manner) }
        let named = musicStyles.first { !words.isDisjoint(with: $0.words) }
        style = named?.drums
        // "Door slam" is the door; a step on a beat isn't a drum.
        if recipes.contains(.door) { recipes.removeAll { $0 == .impact } }
        let saysMusic = words.contains("music") || words.contains("song") || words.contains("track")
        isMusic =
            asked || saysMusic || recipes.contains(where: \.isMusical) || (recipes.isEmpty && named != nil)
        if isMusic {
            let parts = recipes.filter(\.isMusical)
            let isWholeBand =
                named != nil && (asked || saysMusic || parts.isEmpty) && !(parts == [.drums] && !asked)
            if isWholeBand, let named {
                recipes.append(contentsOf: named.recipes)
            } else if parts.isEmpty {
                recipes.append(
                    contentsOf: asked && recipes.isEmpty
                        ? [.drums, .bass, .pad, .arpeggio] : [.pad, .arpeggio]
                )
            }
        }
        if recipes.isEmpty { recipes = [.texture] }
        var seen: Set<Recipe> = []
        recipes = Array(recipes.filter { seen.insert($0).inserted }.prefix(5))
        if style == nil {
            var random = Random(seed: seed)
            style = isMusic ? random.pick([.plain, .hiphop, .house, .rock]) : .plain
        }
    }

    /// The prompt's lower-case words with their singulars, without those after "no" or "without".
    private static func words(of prompt: String) -> Set<String> {
        var words: Set<String> = []
        var isDenied = false
        let parts = prompt.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "-") }
        for part in parts {
            let word = String(part)
            if word == "no" || word == "without" || word == "not" {
                isDenied = true
                continue
            }
            defer { isDenied = isDenied && (word == "any" || word == "the" || word == "a") }
            guard !isDenied else { continue }
            words.insert(word)
            for piece in word.split(separator: "-") { words.insert(String(piece)) }
            if word.count > 3, word.hasSuffix("s") { words.insert(String(word.dropLast())) }
            if word.count > 4, word.hasSuffix("es") { words.insert(String(word.dropLast(2))) }
        }
        return words
    }
}
