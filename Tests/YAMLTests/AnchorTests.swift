import Testing
import YAML

@Suite struct AnchorTests {
    @Test func anAliasStandsForItsAnchor() throws {
        let root = try YAMLNode(parsing: "a: &x {k: 1}\nb: *x")
        #expect(root["b"]?["k"]?.scalar?.value == .integer(1))
        #expect(root["b"]?.position == YAMLPosition(line: 2, column: 4))
        #expect(root["b"]?["k"]?.position == YAMLPosition(line: 1, column: 11))
    }

    @Test func mergedEntriesYieldToOwnOnes() throws {
        let text = "base: &b {x: 1, y: 2}\nother: &o {y: 9, z: 3}\nuse:\n  x: 7\n  <<: [*b, *o]"
        let use = try #require(try YAMLNode(parsing: text)["use"]?.mapping)
        #expect(use.entries.map(\.key) == ["x", "y", "z"])
        #expect(use["x"]?.scalar?.value == .integer(7))
        #expect(use["y"]?.scalar?.value == .integer(2))
        #expect(use["z"]?.scalar?.value == .integer(3))
    }

    @Test func aQuotedMergeKeyIsAKey() throws {
        #expect(try YAMLNode(parsing: "'<<': 1").mapping?.entries.map(\.key) == ["<<"])
    }

    @Test func anAliasBombIsRefused() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...20 {
            let uses = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(uses)]\n"
        }
        let error = #expect(throws: YAMLError.self) { try YAMLNode(parsing: text) }
        #expect(error?.message == "more than 100000 values, those of aliases included")
        #expect(error?.position.line == 5)
    }

    @Test func aMergeBombIsRefused() throws {
        var text = "a0: &a0 {x: 1, y: 2}\n"
        for level in 1...30 {
            text += "a\(level): &a\(level) {k\(level): *a\(level - 1), <<: *a\(level - 1)}\n"
        }
        let error = #expect(throws: YAMLError.self) { try YAMLNode(parsing: text) }
        #expect(error?.message == "more than 100000 values, those of aliases included")
    }

    @Test func depthCountsThroughAliases() throws {
        var limits = YAMLLimits()
        limits.depth = 4
        #expect(throws: Never.self) { try YAMLNode(parsing: "a: &a [[x]]\nb: [*a]", limits: limits) }
        let error = #expect(throws: YAMLError.self) {
            try YAMLNode(parsing: "a: &a [[x]]\nb: [[*a]]", limits: limits)
        }
        #expect(error?.message == "more than 4 lists and maps within each other")
        #expect(error?.position == YAMLPosition(line: 2, column: 6))
    }
}
