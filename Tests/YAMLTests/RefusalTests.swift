import Testing
import YAML

@Suite struct RefusalTests {
    @Test(arguments: [
        ("a: 1\nb: 2\na: 3", "3:1: the key \"a\" is already there, at line 1, column 1"),
        ("x: {a: 1, \"a\": 3}", "1:11: the key \"a\" is already there, at line 1, column 5"),
        ("a: &x {k: 1}\nb: {<<: *x, <<: *x}", "2:13: the key \"<<\" is already there, at line 2, column 5"),
        ("a: 1\n---\nb: 2", "2:1: a second document begins here; only one is allowed"),
        ("a: !!str 1", "1:4: tags such as !!str or !name are not supported; write the value alone"),
        ("a: !x [1]", "1:4: tags such as !!str or !name are not supported; write the value alone"),
        ("!x {a: 1}", "1:1: tags such as !!str or !name are not supported; write the value alone"),
        ("a: *x", "1:4: *x is used before any &x"),
        ("a: &x [1, *x]", "1:11: *x stands within the value that it means"),
        ("<<: 1", "1:5: << takes a map or a list of maps, this is an integer"),
        ("? [a, b]\n: c", "1:3: a key must be text, without an anchor or an alias"),
        (
            "a: [1, 2",
            "2:1: did not find expected ',' or ']' while parsing a flow sequence that begins at line 1, column 4"
        ),
        (
            "a:\n\t- b",
            "2:1: found character that cannot start any token while scanning for the next token"
        ),
        ("a: \"\u{1}\"", "1:5: control characters are not allowed"),
    ])
    func whatCannotBeTakenSaysWhereAndWhy(_ text: String, _ expected: String) {
        let error = #expect(throws: YAMLError.self) { try YAMLNode(parsing: text) }
        #expect(error?.description == expected)
    }

    @Test func brokenUTF8IsRefusedWhereItBreaks() {
        let error = #expect(throws: YAMLError.self) {
            try YAMLNode(parsing: Array("a: 1\nb: ".utf8) + [0xC3, 0x28])
        }
        // The byte that does not continue the character.
        #expect(error?.position == YAMLPosition(line: 2, column: 5))
    }

    @Test func otherEncodingsAreRefused() {
        #expect(throws: YAMLError.self) { try YAMLNode(parsing: [0xFF, 0xFE, 0x61, 0x00, 0x3A, 0x00]) }
    }

    @Test func sizeIsBounded() throws {
        let largest = "# " + String(repeating: "x", count: 1024 * 1024 - 2)
        #expect(throws: Never.self) { try YAMLNode(parsing: largest) }
        let error = #expect(throws: YAMLError.self) { try YAMLNode(parsing: largest + "x") }
        #expect(error?.description == "1:1: larger than 1048576 bytes")
    }

    @Test(arguments: [64, 65, 5000])
    func depthIsBounded(_ depth: Int) throws {
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        if depth <= 64 {
            #expect(throws: Never.self) { try YAMLNode(parsing: text) }
        } else {
            let error = #expect(throws: YAMLError.self) { try YAMLNode(parsing: text) }
            #expect(error?.description == "1:65: more than 64 lists and maps within each other")
        }
    }
}
