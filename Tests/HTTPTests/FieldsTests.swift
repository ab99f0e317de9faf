import HTTP
import Testing

@Suite struct FieldsTests {
    @Test func namesAreLookedUpInAnyCaseAndRepeatsAreJoined() {
        var fields: Fields = ["Accept": "a", "accept": "b", "Host": "x"]
        #expect(fields["ACCEPT"] == "a, b")
        #expect(fields.values(for: "accept") == ["a", "b"])
        fields["Accept"] = "c"
        #expect(fields.map(\.value) == ["c", "x"])
        fields["Accept"] = nil
        #expect(!fields.contains("accept"))
        fields.append("X", "1")
        fields.append("x", "2 , ,3")
        #expect(fields.members(of: "X") == ["1", "2", "3"])
    }

    @Test func equalityIgnoresTheCaseOfNamesOnly() {
        #expect(["A": "b"] as Fields == ["a": "b"])
        #expect(["A": "b"] as Fields != ["a": "B"])
    }

    @Test(arguments: [
        ("application/json", "application/json"), ("Text/HTML;Charset=\"utf-8\"", "text/html; charset=utf-8"),
        ("a/b ; c=\"d e\\\"\" ;", "a/b; c=\"d e\\\"\""), ("a/b;;c=d", "a/b; c=d"),
    ])
    func mediaTypesAreNormalised(_ text: String, _ normal: String) {
        #expect(MediaType(text)?.description == normal)
    }

    @Test(arguments: ["", "a", "a/", "/b", "a/b c", "a/b;c", "a/b;c=", "a/b;c=\"d", "a/b;c =d", "a b/c"])
    func malformedMediaTypesAreRefused(_ text: String) {
        #expect(MediaType(text) == nil)
    }

    @Test func jsonIsKnownByItsSuffixToo() {
        #expect(MediaType("application/problem+json; charset=utf-8")?.isJSON == true)
        #expect(MediaType("text/json")?.isJSON == false)
    }

    @Test(arguments: [
        ("wait=10", 10), ("respond-async, WAIT = 5", 5), ("foo;bar=\"a,b\"; c, wait=\"7\"", 7),
        ("wait=1, wait=2", 1),
    ])
    func preferTellsTheWait(_ text: String, _ wait: Int) {
        #expect(Preferences(["Prefer": text]).wait == wait)
    }

    @Test(arguments: ["", "wait", "wait=-1", "wait=1.5", "wait=x", "waits=3", "wait=99999999999999999999"])
    func anUnusableWaitIsNone(_ text: String) {
        #expect(Preferences(["Prefer": text]).wait == nil)
    }
}

@Suite struct EncodingTests {
    @Test func percentEncodingKeepsOnlyWhatItIsTold() {
        #expect(PercentEncoding.encode("a b/é~") == "a%20b%2F%C3%A9~")
        #expect(PercentEncoding.encode("a b/é", keeping: .path) == "a%20b/%C3%A9")
        #expect(PercentEncoding.decode("a%20b%2f+") == "a b/+")
        #expect(PercentEncoding.decode("%E9") == nil)
    }

    @Test func formsGoThereAndBack() throws {
        let pairs = [(name: "prompt", value: "soft rain & thunder=1"), (name: "ü", value: "")]
        let text = FormEncoding.encode(pairs)
        #expect(text == "prompt=soft+rain+%26+thunder%3D1&%C3%BC=")
        let back = try #require(FormEncoding.decode(text))
        #expect(back.map(\.name) == pairs.map(\.name))
        #expect(back.map(\.value) == pairs.map(\.value))
        #expect(FormEncoding.decode("a=%4") == nil)
    }
}
