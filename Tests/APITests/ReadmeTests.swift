import Synthesis
import Testing

@Suite("The synthesizer's page")
struct ReadmeTests {
    /// The tables of the synthesizer's words, from the data that it reads prompts with.
    private static var tables: String {
        func row(_ name: String, _ words: [String]) -> String {
            "| \(name) | \(words.joined(separator: ", ")) |"
        }
        var lines = ["| sound | words that call it |", "|---|---|"]
        lines += vocabulary.map { row($0.recipe.rawValue, $0.words) }
        lines += ["", "| style: its parts | words that call it |", "|---|---|"]
        lines += musicStyles.map { row($0.recipes.map(\.rawValue).joined(separator: " + "), $0.words) }
        lines += ["", "| how it sounds | words that ask for it |", "|---|---|"]
        lines += modifiers.map { row($0.meaning, $0.words) }
        return lines.joined(separator: "\n")
    }

    @Test("Its list of words is the one that the synthesizer reads")
    func words() throws {
        let readme = try repositoryFile("docs/synthesizer.md")
        #expect(readme.contains(Self.tables), "docs/synthesizer.md must hold these tables:\n\(Self.tables)")
    }
}
