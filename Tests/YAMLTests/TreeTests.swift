import Testing
import YAML

@Suite struct TreeTests {
    @Test func everyNodeAndKeyKnowsItsPlace() throws {
        let text = """
            # comment
            server:
              listen: "a"
              ports: [1, 2]
            été: {x: y}
            """
        let root = try YAMLNode(parsing: text)
        #expect(root.position == YAMLPosition(line: 2, column: 1))
        let server = try #require(root.mapping?.entries.first)
        #expect(server.key == "server")
        #expect(server.keyPosition == YAMLPosition(line: 2, column: 1))
        #expect(server.value.position == YAMLPosition(line: 3, column: 3))
        #expect(root["server"]?["listen"]?.position == YAMLPosition(line: 3, column: 11))
        #expect(root["server"]?["ports"]?[1]?.position == YAMLPosition(line: 4, column: 14))
        // Columns count characters, not bytes.
        #expect(root["été"]?["x"]?.position == YAMLPosition(line: 5, column: 10))
    }

    @Test func mappingsKeepTheirOrder() throws {
        let root = try YAMLNode(parsing: "z: 1\na: 2\nm: 3")
        #expect(root.mapping?.entries.map(\.key) == ["z", "a", "m"])
    }

    @Test(arguments: [
        ("~", YAMLScalar.Value.null), ("null", .null), ("true", .bool(true)), ("False", .bool(false)),
        ("yes", .string), ("no", .string), ("on", .string), ("off", .string), ("y", .string),
        ("tRue", .string),
        ("0", .integer(0)), ("-12", .integer(-12)), ("+7", .integer(7)), ("0x1F", .integer(31)),
        ("012", .string), ("1_000", .string), ("12:30", .string), ("2026-01-01", .string), ("0x", .string),
        ("0x-1", .string), ("-", .string), (".", .string), ("1.5", .real(1.5)), ("5.", .real(5)),
        (".5", .real(0.5)),
        ("-.5e1", .real(-5)), ("1e3", .real(1000)), ("1e", .string), ("e3", .string), ("1.2.3", .string),
        (".inf", .real(.infinity)), ("-.inf", .real(-.infinity)), ("inf", .string), ("nan", .string),
        ("9223372036854775808", .real(9_223_372_036_854_775_808)), ("127.0.0.1:8080", .string),
    ])
    func plainScalarsMeanOnlyWhatNobodyReadsOtherwise(_ text: String, _ value: YAMLScalar.Value) throws {
        let scalar = try #require(try YAMLNode(parsing: "[\(text)]")[0]?.scalar)
        #expect(scalar.value == value)
        #expect(scalar.text == text)
        #expect(scalar.style == .plain)
    }

    @Test(arguments: ["'true'", "\"true\"", "|-\n  true", ">-\n  true"])
    func quotedScalarsAreText(_ text: String) throws {
        let scalar = try #require(try YAMLNode(parsing: "key: \(text)")["key"]?.scalar)
        #expect(scalar.value == .string)
        #expect(scalar.style == .quoted)
        #expect(scalar.text == "true")
    }

    @Test(arguments: ["", "# only a comment", "\u{FEFF}", "---"])
    func anEmptyTextIsNull(_ text: String) throws {
        #expect(try YAMLNode(parsing: text).isNull)
    }

    @Test func aByteOrderMarkIsNoColumn() throws {
        #expect(try YAMLNode(parsing: "\u{FEFF}a: 1").mapping?.entries.first?.keyPosition.column == 1)
    }

    @Test func scalarsMayHoldNulCharacters() throws {
        #expect(try YAMLNode(parsing: #"["a\0b"]"#)[0]?.scalar?.text == "a\0b")
    }
}
