import JSON
import Testing

@Suite struct JSONValueTests {
    @Test(
        arguments: [
            (JSONValue.integer(119), 119), (.number(119.0), 119), (.number(1e2), 100), (.number(119.5), nil),
            (.number(1e300), nil), (.number(.nan), nil), (.string("119"), nil), (.null, nil),
        ] as [(JSONValue, Int64?)]
    )
    func integersAreNumbersWithoutFraction(_ value: JSONValue, _ expected: Int64?) {
        #expect(value.integer == expected)
    }

    @Test func accessorsAnswerForTheirKindOnly() {
        let value: JSONValue = ["s": "text", "b": true, "n": 1.5, "i": 2, "a": [1, 2], "z": .null]
        #expect(value["s"]?.string == "text")
        #expect(value["s"]?.bool == nil)
        #expect(value["b"]?.bool == true)
        #expect(value["n"]?.double == 1.5)
        #expect(value["i"]?.double == 2)
        #expect(value["a"]?[1]?.integer == 2)
        #expect(value["a"]?[2] == nil)
        #expect(value["a"]?[-1] == nil)
        #expect(value["z"]?.isNull == true)
        #expect(value["none"] == nil)
        #expect(value["s"]?["x"] == nil)
        #expect(value.object?.count == 6)
        #expect(value["a"]?.array?.count == 2)
        #expect(value["a"]?.kind == "array")
    }

    @Test func absentValuesBecomeNull() {
        #expect(JSONValue(orNull: String?.none) == .null)
        #expect(JSONValue(orNull: "x" as String?) == "x")
        #expect(JSONValue(orNull: Int?.some(3)) == 3)
        #expect(JSONValue(orNull: Bool?.none) == JSONValue.null)
    }

    @Test func objectsKeepTheirOrderAndCompareWithoutIt() throws {
        var object = try #require(try JSONValue(parsing: #"{"z":1,"a":2,"m":3}"#).object)
        #expect(Array(object.keys) == ["z", "a", "m"])
        #expect(object == ["m": 3, "a": 2, "z": 1])
        #expect(object != ["m": 3, "a": 2, "z": 2])
        #expect(object != ["m": 3, "a": 2])
        object["a"] = nil
        object["q"] = 4
        object["z"] = 5
        object.append("r", 6)
        #expect(object.map(\.key) == ["z", "m", "q", "r"])
        #expect(object["z"] == 5)
        object["absent"] = nil
        #expect(object.count == 4)
    }

    @Test func thousandsOfMembersKeepTheirOrder() throws {
        let text = "{" + (0..<5000).map { "\"k\(($0 * 7919) % 5000)\":\($0)" }.joined(separator: ",") + "}"
        let object = try #require(try JSONValue(parsing: text).object)
        #expect(object.compactMap(\.value.integer) == (0..<5000).map { Int64($0) })
    }
}
