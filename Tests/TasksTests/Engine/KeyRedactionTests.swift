import Crypto
import HTTP
import Providers
import Tasks
import Testing

@Suite struct KeyRedactionTests {
    private static let key = "sk-4f9a/8e1c+7b2d\"6053-known"

    private func redacted(_ text: String) throws -> String {
        let redaction = try #require(KeyRedaction(Secret(Self.key)))
        return String(decoding: redaction.redacted(Array(text.utf8)), as: UTF8.self)
    }

    @Test(arguments: [
        key, Hex.encode(Array(key.utf8)), Hex.encode(Array(key.utf8)).uppercased(),
        #"sk-4f9a/8e1c+7b2d\"6053-known"#, "sk-4f9a%2F8e1c%2B7b2d%226053-known",
        "sk-4f9a%2f8e1c%2b7b2d%226053-known",
    ])
    func everySpellingOfAKeyIsTakenOut(_ spelling: String) throws {
        #expect(try redacted(spelling) == "<redacted>")
        #expect(try redacted("a \(spelling)\(spelling) b") == "a <redacted><redacted> b")
    }

    @Test(arguments: ["", "x", "Bearer ", "user:"])
    func base64IsKnownAtAnyOffset(_ before: String) throws {
        for alphabet in [Base64.standard, .url] {
            let encoded = alphabet.encode(Array((before + Self.key + "tail").utf8))
            let clean = try redacted(encoded)
            #expect(clean.contains("<redacted>"))
            // What is left at the ends of groups is no more than two bytes on each side.
            let middle = alphabet.encode(Array(Self.key.utf8.dropFirst(3).dropLast(3)))
            #expect(!clean.contains(middle.prefix(16)))
        }
    }

    @Test func otherWordsStayAsTheyAre() throws {
        for text in ["", "sk-4f9a/8e1c+7b2d", "nothing of it", "sk-sk-sk-"] {
            #expect(try redacted(text) == text)
        }
    }

    @Test func fieldsAreCleanedToo() throws {
        let redaction = try #require(KeyRedaction(Secret(Self.key)))
        let reply = UpstreamReply(status: 400, fields: ["X-Debug": "Bearer \(Self.key)"], body: [])
        #expect(redaction.redacted(reply).fields["X-Debug"] == "Bearer <redacted>")
        #expect(redaction.redacted(reply).status == 400)
    }

    @Test func aKeyThatIsNoneWouldRuinAnswers() {
        #expect(KeyRedaction(Secret("k")) == nil)
        #expect(KeyRedaction(Secret("1234567")) == nil)
    }
}
