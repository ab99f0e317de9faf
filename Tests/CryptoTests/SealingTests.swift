import Crypto
import Testing

@Suite struct SealingTests {
    /// McGrew and Viega, "The Galois/Counter Mode of Operation" (the submission to NIST), test cases 13 to 16.
    struct Example: Sendable, CustomTestStringConvertible {
        let number: Int
        let key: String
        let nonce: String
        let plain: String
        var associated = ""
        let sealed: String
        var testDescription: String { "test case \(number)" }
    }

    private static let zeros = String(repeating: "00", count: 32)
    private static let key = String(repeating: "feffe9928665731c6d6a8f9467308308", count: 2)
    private static let plain =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5"
        + "aa0de657ba637b39"
    private static let cipher =
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e63"
        + "93ba7a0abcc9f662"

    @Test(arguments: [
        Example(
            number: 13,
            key: zeros,
            nonce: "000000000000000000000000",
            plain: "",
            sealed: "530f8afbc74536b9a963b4f1c4cb738b"
        ),
        Example(
            number: 14,
            key: zeros,
            nonce: "000000000000000000000000",
            plain: "00000000000000000000000000000000",
            sealed: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
        ),
        Example(
            number: 15,
            key: key,
            nonce: "cafebabefacedbaddecaf888",
            plain: plain + "1aafd255",
            sealed: cipher + "898015adb094dac5d93471bdec1a502270e3cc6c"
        ),
        Example(
            number: 16,
            key: key,
            nonce: "cafebabefacedbaddecaf888",
            plain: plain,
            associated: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            sealed: cipher + "76fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ])
    func matchesThePublishedExamples(_ example: Example) throws {
        let key = LockedBytes(copying: try #require(Hex.decode(example.key)))
        let cipher = try #require(AuthenticatedCipher(key: key))
        let plain = LockedBytes(copying: try #require(Hex.decode(example.plain)))
        let nonce = try #require(Hex.decode(example.nonce))
        let associated = try #require(Hex.decode(example.associated))
        let sealed = cipher.seal(plain, nonce: nonce, associated: associated)
        #expect(Hex.encode(sealed) == example.sealed)
        let opened = try #require(cipher.open(sealed, nonce: nonce, associated: associated))
        #expect(opened == plain)
    }

    @Test func nothingOpensThatWasChangedByABit() throws {
        let cipher = try #require(AuthenticatedCipher(key: LockedBytes(randomCount: 32)))
        let nonce = randomBytes(12)
        let associated = Array("a name".utf8)
        let plain = LockedBytes(copying: Array("a secret".utf8))
        let sealed = cipher.seal(plain, nonce: nonce, associated: associated)
        #expect(cipher.open(sealed, nonce: nonce, associated: associated) != nil)
        func flipped(_ bytes: [UInt8], _ bit: Int) -> [UInt8] {
            var bytes = bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            return bytes
        }
        for bit in 0..<sealed.count * 8 {
            #expect(cipher.open(flipped(sealed, bit), nonce: nonce, associated: associated) == nil)
        }
        for bit in 0..<nonce.count * 8 {
            #expect(cipher.open(sealed, nonce: flipped(nonce, bit), associated: associated) == nil)
        }
        for bit in 0..<associated.count * 8 {
            #expect(cipher.open(sealed, nonce: nonce, associated: flipped(associated, bit)) == nil)
        }
        for length in 0..<sealed.count {
            #expect(cipher.open(Array(sealed[..<length]), nonce: nonce, associated: associated) == nil)
        }
        let other = try #require(AuthenticatedCipher(key: LockedBytes(randomCount: 32)))
        #expect(other.open(sealed, nonce: nonce, associated: associated) == nil)
        #expect(cipher.open(sealed, nonce: Array(nonce.dropLast()), associated: associated) == nil)
    }

    @Test(arguments: [0, 16, 31, 33])
    func keysHaveThirtyTwoBytes(_ count: Int) {
        #expect(AuthenticatedCipher(key: LockedBytes(randomCount: count)) == nil)
    }

    /// RFC 7914, section 12.
    @Test(
        arguments: [
            (
                "", "", Scrypt(cost: 16, blockSize: 1, parallelism: 1),
                "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb"
                    + "2e0d3628cf35e20c38d18906"
            ),
            (
                "password", "NaCl", Scrypt(cost: 1024, blockSize: 8, parallelism: 16),
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb9"
                    + "4a83ee6d8360cbdfa2cc0640"
            ),
            (
                "pleaseletmein", "SodiumChloride", Scrypt(cost: 16384, blockSize: 8, parallelism: 1),
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc"
                    + "0d651e40dfcf017b45575887"
            ),
        ]
    )
    func scryptMatchesTheStandardsExamples(
        _ passphrase: String,
        _ salt: String,
        _ scrypt: Scrypt?,
        _ expected: String
    ) throws {
        let key = try #require(scrypt).deriveKey(
            from: LockedBytes(copying: Array(passphrase.utf8)),
            salt: Array(salt.utf8),
            count: 64
        )
        #expect(try #require(key).withBytes { Hex.encode([UInt8](secretBytes: $0)) } == expected)
    }

    @Test(arguments: [
        (0, 8, 1), (1, 8, 1), (3, 8, 1), (32768, 0, 1), (32768, 8, 0), (-32768, 8, 1), (32768, -8, 1),
        (1 << 19, 8, 1), (1 << 62, 8, 1), (2, .max, 1), (2, 8, .max), (1 << 15, 1 << 15, 1),
    ])
    func scryptRefusesWhatItDoesNotHaveAndWhatWantsTooMuchMemory(
        _ cost: Int,
        _ blockSize: Int,
        _ parallelism: Int
    ) {
        #expect(Scrypt(cost: cost, blockSize: blockSize, parallelism: parallelism) == nil)
    }

    /// RFC 5869, appendix A, cases 1 and 3.
    @Test(arguments: [
        (
            "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        ),
        ("", "", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
    ])
    func hkdfMatchesTheStandardsExamples(_ salt: String, _ purpose: String, _ expected: String) throws {
        let key = HKDF.deriveKey(
            from: LockedBytes(copying: [UInt8](repeating: 0x0b, count: 22)),
            salt: try #require(Hex.decode(salt)),
            purpose: try #require(Hex.decode(purpose)),
            count: 42
        )
        #expect(key.withBytes { Hex.encode([UInt8](secretBytes: $0)) } == expected)
    }
}
