/// Words that change how something sounds, rather than what does.
package let modifiers: [(words: [String], meaning: String)] = rules.map { ($0.words, $0.meaning) }

struct ModifierRule: Sendable {
    let words: [String]
    let meaning: String
    let apply: @Sendable (inout Manner) -> Void
}

/// The modifiers' effects, applied in this order.
let rules: [ModifierRule] = [
    rule("soft gentle quiet light calm faint subtle mild small", "quieter and sparser") {
        $0.intensity *= 0.6
        $0.level -= 4
    },
    rule("loud heavy strong intense violent massive hard powerful dense big", "louder and denser") {
        $0.intensity *= 1.6
        $0.level += 2
    },
    rule("distant far faraway away muffled background", "duller, with more room") {
        $0.cutoff = 900
        $0.reverb += 0.35
        $0.space = 0.7
        $0.level -= 3
    },
    rule("fast quick rapid running frantic hurried", "more events in a time") { $0.speed *= 1.5 },
    rule("slow slowly lazy", "fewer events in a time") { $0.speed *= 0.65 },
    rule("deep low huge giant large massive", "lower") { $0.pitch *= 0.7 },
    rule("high tiny little small bright", "higher") { $0.pitch *= 1.35 },
    rule("dark warm mellow", "duller") { $0.cutoff = min($0.cutoff ?? 20_000, 2600) },
    rule("echo reverb hall cave cathedral church spacious tunnel", "in a large space") {
        $0.reverb += 0.4
        $0.space = 1
    },
    rule("short brief", "shorter") { $0.length *= 0.6 },
    rule("long", "longer") { $0.length *= 1.8 },
    rule("sad dark melancholic gloomy scary horror tense mysterious minor", "in a minor key") {
        $0.mode = .minor
    },
    rule("happy cheerful joyful bright uplifting triumphant major", "in a major key") { $0.mode = .major },
]

private func rule(
    _ words: String,
    _ meaning: String,
    _ apply: @escaping @Sendable (inout Manner) -> Void
) -> ModifierRule {
    ModifierRule(words: words.split(separator: " ").map(String.init), meaning: meaning, apply: apply)
}
