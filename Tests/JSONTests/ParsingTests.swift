import JSON
import Testing

@Suite struct ParsingTests {
    @Test(
        arguments: [
            ("null", JSONValue.null), ("true", true), ("false", false), ("0", 0), ("-0", 0), ("-1", -1),
            ("9223372036854775807", 9_223_372_036_854_775_807), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", 9_223_372_036_854_775_808.0),
            ("-9223372036854775809", -9_223_372_036_854_775_808.0),
            (
                "[1,123456789012345678901234567890,\"123456789012345678901234567890\"]",
                [1, 123456789012345678901234567890.0, "123456789012345678901234567890"]
            ),
            ("1.5", 1.5), ("1e2", 100.0), ("1E+2", 100.0), ("1e-2", 0.01), ("-0.0", -0.0), ("0e1", 0.0),
            ("1e-400", 0.0),
            ("\"\"", ""), ("\"a/b\"", "a/b"), (#""\/\\\"\b\f\n\r\t""#, "/\\\"\u{8}\u{c}\n\r\t"),
            (#""\u0041\u00e9\u20AC\ud83c\udfb5""#, "Aé€🎵"), ("\"é🎵\u{7f}\u{2028}\"", "é🎵\u{7f}\u{2028}"),
            (#""a\u0000b""#, "a\0b"), ("[]", []), ("{}", [:]), (" [ 1 , [ ] , { } ] \r\n\t", [1, [], [:]]),
            (#"{"":0}"#, ["": 0]), (#"{"a":{"b":[null]}}"#, ["a": ["b": [.null]]]),
            (#"{"x":1,"é":2}"#, ["é": 2, "x": 1]),
        ] as [(String, JSONValue)]
    )
    func acceptsWhatTheRFCAllows(_ text: String, _ expected: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == expected)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "NaN", "Infinity", "-Infinity", "-", "+1", "01", "-01", "1.", ".5",
        "1.e1",
        "1e", "1e+", "0x1", "1_000", "--1", "1 2", "[1,]", "[,1]", "[1 2]", "[", "]", "[1", "[1}", "{", "}",
        "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "{'a':1}", "{1:1}", "{\"a\":1 \"b\":2}", "'a'",
        "\"",
        "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u123g\"", "\"\t\"", "\"\n\"", "\"\0\"", "\0", "[1]\0",
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\ud800x\"", "[1]x", "[1]]", "{}{}", "// c\n1",
        "/**/1",
        "\u{FEFF}1", "\u{FEFF}{}", "\u{A0}1", "1\u{C}", "1e400", "-1e400", "[\"a\",\n 4\n,1,",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":2}", "{\"a\\u0000b\":1}", "[" + String(repeating: "9", count: 400) + "]",
    ])
    func refusesEverythingElse(_ text: String) {
        #expect(throws: JSONError.self) { _ = try JSONValue(parsing: text) }
    }

    @Test(
        arguments: [
            [0x22, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xE2, 0x82, 0x22],
            [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], [0x22, 0xFF, 0x22], [0xFF, 0xFE, 0x31, 0x00],
            [0x22, 0xE2, 0x82],
            [0x31, 0x80], [0xFF],
        ] as [[UInt8]]
    )
    func refusesBytesThatAreNotUTF8(_ bytes: [UInt8]) {
        #expect(throws: JSONError.self) { _ = try JSONValue(parsing: bytes) }
    }

    @Test func tellsWhereAndNeverWhat() throws {
        let error = try #require(throws: JSONError.self) {
            _ = try JSONValue(parsing: "{\n  \"a\": secret\n}")
        }
        #expect(error.line == 2)
        #expect(error.offset > 5 && error.offset <= 17)
        #expect(!"\(error)".contains("secret"))
        #expect("\(error)".hasPrefix("line 2, column "))
    }

    @Test(
        arguments: [
            ("1", 1), ("[]", 2), ("{}", 2), ("[1,2,3]", 4), (#"{"a":1,"b":[2,3]}"#, 5), (#"[",,,[[{{"]"#, 2),
        ]
    )
    func holdsTheNumberOfValuesAskedForAndNoMore(_ text: String, _ values: Int) throws {
        _ = try JSONValue(parsing: text, maximumValues: values)
        let error = #expect(throws: JSONError.self) {
            _ = try JSONValue(parsing: text, maximumValues: values - 1)
        }
        #expect(error?.message == "more than \(values - 1) values")
    }

    @Test func aTextOfManySmallValuesIsRefusedUnlessThatIsAskedFor() throws {
        // Two bytes each, some hundred in memory.
        let text = "[" + String(repeating: "0,", count: 1_000_000) + "0]"
        #expect(throws: JSONError.self) { _ = try JSONValue(parsing: text) }
        #expect(try JSONValue(parsing: text, maximumValues: 2_000_000).array?.count == 1_000_001)
    }

    @Test func aLongStringIsOneValue() throws {
        let text = String(repeating: ",[{", count: 100_000)
        #expect(try JSONValue(parsing: "\"\(text)\"", maximumValues: 1) == .string(text))
    }

    @Test func nestsToTheDepthAskedForAndNoDeeper() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(parsing: nested(64))
        let error = try #require(throws: JSONError.self) { _ = try JSONValue(parsing: nested(65)) }
        #expect(error.offset == 64)
        #expect(error.column == 65)
        _ = try JSONValue(parsing: nested(512), maximumDepth: 512)
        #expect(throws: JSONError.self) { _ = try JSONValue(parsing: nested(513), maximumDepth: 10_000) }
        #expect(throws: JSONError.self) { _ = try JSONValue(parsing: nested(1), maximumDepth: 0) }
        #expect(throws: JSONError.self) {
            _ = try JSONValue(parsing: String(repeating: "[{\"a\":", count: 1_000_000))
        }
    }

    @Test func bracketsInsideStringsDoNotNest() throws {
        #expect(try JSONValue(parsing: #"["[[[\"[[","{{\\"]"#, maximumDepth: 1) == ["[[[\"[[", "{{\\"])
    }

    @Test func spansParseWithoutCopies() throws {
        let bytes = Array(#"{"a":1}"#.utf8)
        #expect(try JSONValue(parsing: bytes.span) == ["a": 1])
        #expect(try JSONValue(parsing: bytes.span.bytes) == ["a": 1])
        #expect(throws: JSONError.self) { _ = try JSONValue(parsing: bytes.span.extracting(0..<0)) }
    }
}
