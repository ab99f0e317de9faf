import JSON
import Testing

@Suite struct JSONWriterTests {
    @Test(
        arguments: [
            (JSONValue.null, "null"), (true, "true"), (.integer(.min), "-9223372036854775808"), (7, "7"),
            (10, "10"),
            (12.0, "12"), (-3.0, "-3"), (0.1, "0.1"), (-0.0, "-0.0"), (1e20, "1e+20"),
            (.number(.leastNonzeroMagnitude), "5e-324"),
            (9_007_199_254_740_993.0, "9007199254740992.0"), (.number(.infinity), "null"),
            (.number(.nan), "null"),
            ("", "\"\""), ("é🎵</\u{7f}", "\"é🎵</\u{7f}\""),
            ("\"\\\n\r\t\u{8}\u{c}\0\u{1f}", #""\"\\\n\r\t\b\f\u0000\u001f""#),
            ([], "[]"), ([:], "{}"),
            ([1, [2, []], ["a": .null, "b\"": [:]]], #"[1,[2,[]],{"a":null,"b\"":{}}]"#),
        ] as [(JSONValue, String)]
    )
    func printsCompactly(_ value: JSONValue, _ expected: String) {
        #expect(String(decoding: value.serialized(), as: UTF8.self) == expected)
        #expect("\(value)" == expected)
    }

    @Test(
        arguments: [
            0.1, 1.0 / 3, 1e-7, 123456.789, .greatestFiniteMagnitude, .leastNormalMagnitude,
            .leastNonzeroMagnitude, -0.0,
            1e15, 1e16, 1e17, 9_007_199_254_740_991, 119,
        ] as [Double]
    )
    func doublesReadBackTheSame(_ number: Double) throws {
        let back = try JSONValue(parsing: JSONValue.number(number).serialized()).double
        #expect(back?.bitPattern == number.bitPattern)
    }

    @Test func everyCharacterReadsBack() throws {
        let scalars =
            (0...0x2FFF).compactMap { Unicode.Scalar($0 as UInt32) } + ["\u{FFFD}", "\u{FFFF}", "\u{10FFFF}"]
        let text = String(String.UnicodeScalarView(scalars))
        let value: JSONValue = [JSONValue.string(text), ["key": .string(String(text.reversed()))]]
        #expect(try JSONValue(parsing: value.serialized()) == value)
        #expect(try JSONValue(parsing: value.prettyPrinted()) == value)
    }

    @Test func setsTheCommasItself() {
        var writer = JSONWriter(appendingTo: Array("data: ".utf8))
        writer.beginObject()
        writer.member("id", "snd_1")
        writer.member("progress", 0.5)
        writer.member("eta", Int?.none)
        writer.key("outputs")
        writer.beginArray()
        writer.value(1 as Int?)
        writer.value("two")
        writer.beginObject()
        writer.endObject()
        writer.raw(Array("[3]".utf8))
        writer.endArray()
        writer.member("ok", true)
        writer.member("rest", ["a": 1] as JSONValue)
        writer.endObject()
        let expected =
            #"data: {"id":"snd_1","progress":0.5,"eta":null,"outputs":[1,"two",{},[3]],"ok":true,"rest":{"a":1}}"#
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test func printsPrettilyForPeople() {
        let value: JSONValue = ["a": [1, [:], []], "b": ["c": "d"]]
        let expected = """
            {
              "a": [
                1,
                {},
                []
              ],
              "b": {
                "c": "d"
              }
            }
            """
        #expect(value.prettyPrinted() == expected)
    }
}
