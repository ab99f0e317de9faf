import Crypto
import Testing

@Suite struct WebhookKeyTests {
    private static let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    private static let timestamp = "1614265330"
    private static let body = Array(#"{"test": 2432232314}"#.utf8)
    private static let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    private static func key(_ secret: String = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") throws -> WebhookKey
    {
        try #require(WebhookKey(Secret(secret)))
    }

    /// The message of the reference libraries' own tests.
    @Test func itSignsAsTheReferenceLibrariesDo() throws {
        for secret in ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            #expect(
                try Self.key(secret).signature(of: Self.id, at: Self.timestamp, Self.body) == Self.signature
            )
        }
    }

    @Test(arguments: [
        signature, "v1,AAAA \(signature)", "v1a,x \(signature) v2,\(signature.dropFirst(3))",
    ])
    func itKnowsItsOwnAmongSeveral(_ signatures: String) throws {
        #expect(try Self.key().hasSigned(Self.id, at: Self.timestamp, Self.body, in: signatures))
    }

    @Test(arguments: [
        "", "v1,", String(signature.dropFirst(3)), "v2,\(signature.dropFirst(3))", "\(signature)x",
        "v1,\(signature.dropFirst(3).lowercased())",
    ])
    func itKnowsNoOther(_ signatures: String) throws {
        #expect(try !Self.key().hasSigned(Self.id, at: Self.timestamp, Self.body, in: signatures))
    }

    @Test func whatWasChangedIsNotSigned() throws {
        let key = try Self.key()
        #expect(!key.hasSigned("msg_other", at: Self.timestamp, Self.body, in: Self.signature))
        #expect(!key.hasSigned(Self.id, at: "1614265331", Self.body, in: Self.signature))
        #expect(!key.hasSigned(Self.id, at: Self.timestamp, Self.body + [0x20], in: Self.signature))
        // What stands between the parts belongs to none of them.
        let shifted = (id: "\(Self.id).1614265330", at: "")
        #expect(!key.hasSigned(shifted.id, at: shifted.at, Self.body, in: Self.signature))
    }

    @Test(arguments: ["", "whsec_", "whsec_*", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "secret-in-words"])
    func otherSecretsAreNone(_ secret: String) { #expect(WebhookKey(Secret(secret)) == nil) }

    @Test func itIsNotShown() throws {
        let key = try Self.key()
        #expect("\(key)" == "<redacted>")
        #expect(Mirror(reflecting: key).children.isEmpty)
        var text = ""
        dump(key, to: &text)
        #expect(!text.contains("bytes"))
        #expect(key.count == 24)
    }
}
