import Foundation
import Providers
import Sound
import Testing

@Suite struct CapabilityTableTests {
    private static func subject(_ capabilities: Capabilities) -> CapabilityTable.Subject {
        CapabilityTable.Subject(
            name: "a/b",
            capabilities: capabilities,
            delivery: "polled",
            callbacks: nil,
            balance: "told"
        )
    }

    private static func value(_ property: String, _ capabilities: Capabilities) throws -> String? {
        let rows = CapabilityTable.rows(of: subject(capabilities))
        return try #require(rows.first { $0.property == property }).value
    }

    @Test(
        arguments: [
            ([.native(.any)], "yes"),
            ([.native(.integers(1...300))], "1–300"),
            ([.native(.integers(2...2)), .emulated(.selection, .integers(1...1))], "2; 1 by selection"),
            ([.native(.numbers(0.5...30)), .hint], "0.5–30; hint"),
            ([.native(.choices(["mp3"])), .emulated(.conversion, .any)], "mp3; any by conversion"),
            ([.emulated(.fanOut, .integers(2...10))], "2–10 by fan-out"),
            ([.native(.choices(MusicalKey.all.map(\.description)))], "24 values"),
            ([.native(.characters(80))], "up to 80 characters"),
        ] as [([Capabilities.Means], String)]
    )
    func aFieldShowsItsWaysBestFirst(_ ways: [Capabilities.Means], _ words: String) throws {
        let capabilities = Capabilities(types: [.effect], promptLimit: 10, means: [.key: ways])
        #expect(try Self.value("key", capabilities) == words)
    }

    @Test func whatCannotBeMetHasNoWords() throws {
        let capabilities = Capabilities(types: [.effect], promptLimit: 10, means: [:])
        for property in RequestField.demands.map(\.rawValue) + ["model", "callbacks"] {
            #expect(try Self.value(property, capabilities) == nil, "\(property)")
        }
    }

    @Test func theDefaultModelIsMarked() throws {
        let capabilities = Capabilities(
            types: [.effect, .music],
            promptLimit: 10,
            models: ["one", "two"],
            defaultModel: "two",
            usualVariations: 1...2,
            means: [:]
        )
        #expect(try Self.value("model", capabilities) == "one, two (default)")
        #expect(try Self.value("types", capabilities) == "effect, music")
        #expect(try Self.value("takes unasked", capabilities) == "1–2")
    }

    @Test func theMarkdownHasAColumnForEveryOperation() {
        let lines = CapabilityTable.markdown(catalog).split(separator: "\n")
        let columns = catalog.reduce(0) { $0 + $1.operations.count }
        for line in lines { #expect(line.split(separator: " | ").count == columns + 1, "\(line)") }
        for adapter in catalog {
            for operation in adapter.operations {
                #expect(lines[0].contains("`\(adapter.id)/\(operation.name)`"))
            }
        }
    }

    @Test func theReadmeShowsTheCapabilitiesAsTheyAre() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let readme = try String(contentsOf: root.appending(path: "docs/providers.md"), encoding: .utf8)
        let begin = try #require(readme.range(of: "<!-- capabilities:begin -->\n"))
        let end = try #require(readme.range(of: "<!-- capabilities:end -->"))
        #expect(
            readme[begin.upperBound..<end.lowerBound] == CapabilityTable.markdown(catalog),
            "docs/providers.md is stale: `make capabilities` writes its table anew"
        )
    }
}
