import Crypto
import Testing

@Suite struct DigestTests {
    @Test(
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func matchesTheStandardsExamples(_ text: String, _ expected: String) {
        #expect(SHA256.hash(text).hex == expected)
        var inParts = SHA256()
        for byte in text.utf8 { inParts.update([byte]) }
        inParts.update([])
        let digest = inParts.finalize()
        #expect(digest == SHA256.hash(text))
        #expect(Digest(bytes: digest.bytes) == digest)
    }

    @Test func aMillionLettersInUnevenParts() {
        var hash = SHA256()
        var left = 1_000_000
        var size = 1
        while left > 0 {
            hash.update([UInt8](repeating: UInt8(ascii: "a"), count: min(size, left)))
            left -= min(size, left)
            size = size * 3 % 1009 + 1
        }
        let digest = hash.finalize()
        #expect(digest.hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func digestsHaveThirtyTwoBytes() {
        #expect(Digest(bytes: [UInt8](repeating: 0, count: 31)) == nil)
        #expect(Digest(bytes: [UInt8](repeating: 0, count: 33)) == nil)
    }

    /// RFC 4231, cases 1, 2 and 6.
    @Test(
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131),
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            ([], "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
        ] as [([UInt8], String, String)]
    )
    func authenticatesAsTheRFCSays(_ key: [UInt8], _ message: String, _ expected: String) {
        let code = HMACSHA256.authenticate(Array(message.utf8), key: key)
        #expect(code.hex == expected)
        #expect(HMACSHA256.isValid(code.bytes, for: Array(message.utf8), key: key))
        #expect(!HMACSHA256.isValid(code.bytes, for: Array((message + ".").utf8), key: key))
        #expect(!HMACSHA256.isValid(Array(code.bytes.dropLast()), for: Array(message.utf8), key: key))
    }

    @Test func comparesWholeTexts() {
        #expect(constantTimeEquals("secret", "secret"))
        #expect(constantTimeEquals("", ""))
        #expect(!constantTimeEquals("secret", "secreT"))
        #expect(!constantTimeEquals("secret", "secret1"))
        #expect(!constantTimeEquals("", "s"))
    }
}
