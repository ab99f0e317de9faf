import Crypto
import Testing

@Suite struct EncodingTests {
    @Test func hexIsStrict() {
        #expect(Hex.encode([0x00, 0x0f, 0xa0, 0xff]) == "000fa0ff")
        #expect(Hex.decode("000fA0ff") == [0x00, 0x0f, 0xa0, 0xff])
        #expect(Hex.decode("") == [])
        for text in ["0", "0g", " 00", "0x00", "é"] { #expect(Hex.decode(text) == nil) }
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func base64MatchesTheRFC(_ text: String, _ expected: String) {
        #expect(Base64.standard.encode(Array(text.utf8)) == expected)
        #expect(Base64.standard.decode(expected) == Array(text.utf8))
        let bare = expected.replacing("=", with: "")
        #expect(Base64.url.encode(Array(text.utf8)) == bare)
        #expect(Base64.url.decode(bare) == Array(text.utf8))
    }

    @Test(arguments: [
        "Zg", "Zg=", "Zg===", "Z===", "=", "====", "Zh==", "Zm9v\n", "Zm 9v", "Zm9-", "Zg==Zg==", "é===",
    ])
    func standardBase64HasOneSpelling(_ text: String) {
        #expect(Base64.standard.decode(text) == nil)
    }

    @Test(arguments: ["Zg==", "Z", "Zh", "Zm9+", "Zm9v="])
    func base64URLHasOneSpelling(_ text: String) {
        #expect(Base64.url.decode(text) == nil)
    }

    @Test func theAlphabetsDifferInTwoDigits() {
        #expect(Base64.standard.encode([0xfb, 0xff]) == "+/8=")
        #expect(Base64.url.encode([0xfb, 0xff]) == "-_8")
    }

    @Test(arguments: 0..<70)
    func allEncodingsReadBack(_ count: Int) {
        let bytes = randomBytes(count)
        #expect(bytes.count == count)
        #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        #expect(Base64.standard.decode(Base64.standard.encode(bytes)) == bytes)
        #expect(Base64.url.decode(Base64.url.encode(bytes)) == bytes)
        #expect(CrockfordBase32.decode(CrockfordBase32.encode(bytes)) == bytes)
    }

    @Test func crockfordReadsWhatPeopleWrite() {
        #expect(CrockfordBase32.encode(Array("foobar".utf8)) == "CSQPYRK1E8")
        #expect(CrockfordBase32.decode("csqpyrkie8") == Array("foobar".utf8))
        #expect(CrockfordBase32.decode("CSQPYRKLE8") == Array("foobar".utf8))
        #expect(CrockfordBase32.decode("oO") == [0])
        for text in ["U0", "0-0", "0", "01", "CSQ"] { #expect(CrockfordBase32.decode(text) == nil) }
    }
}
