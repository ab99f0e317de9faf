import Crypto
import Testing
import Vault

/// What chance does to a file, and what a newer or a foreign program writes.
@Suite struct DamageTests {
    private let bytes: [UInt8]

    init() throws { bytes = try sample().sealed.bytes }

    @Test func everyFlippedBitOfEveryByteIsRefused() {
        for index in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[index] ^= 1 << UInt8(bit)
                let error = refusal(flipped)
                // In the first word it is no vault any more; everywhere else the sum tells.
                let expected: VaultError = index < "soundgate-vault ".utf8.count ? .notAVault : .damaged
                #expect(error == expected, "byte \(index), bit \(bit): \(error.map { "\($0)" } ?? "opened")")
            }
        }
    }

    @Test func everyByteThatBecomesALineEndOrASpaceIsRefused() {
        for index in bytes.indices {
            for value in [0x00, 0x0A, 0x0D, 0x20, 0xFF] as [UInt8] where value != bytes[index] {
                var changed = bytes
                changed[index] = value
                do throws(VaultError) {
                    _ = try SealedVault(parsing: changed)
                    Issue.record("byte \(index) as \(value) is read")
                } catch {}
            }
        }
    }

    @Test func everyTruncationIsToldAsSuch() {
        for length in bytes.indices {
            #expect(refusal(Array(bytes[..<length])) == .truncated, "\(length) of \(bytes.count) bytes")
        }
    }

    @Test func everyMissingOrDoubledLineIsRefused() throws {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { "\($0)\n" }
        for index in lines.indices {
            var fewer = lines
            fewer.remove(at: index)
            #expect(refusal(Array(fewer.joined().utf8)) != nil)
            var more = lines
            more.insert(lines[index], at: index)
            #expect(refusal(Array(more.joined().utf8)) != nil)
        }
    }

    @Test(arguments: ["# a config file\n", "soundgate\n", "sqlite", "soundgate-vaults 1\n", "{\"a\": 1}"])
    func anotherFileIsNoVault(_ text: String) {
        #expect(refusal(Array(text.utf8)) == .notAVault)
    }

    @Test func aNewerVersionIsToldByWhateverItHolds() {
        #expect(refusal(forged(["soundgate-vault 2", "whatever it will be"])) == .newerVersion("2"))
        #expect(refusal(forged(["soundgate-vault 37"])) == .newerVersion("37"))
    }

    @Test(
        arguments: [
            ([0: "soundgate-vault 0"], 1), ([0: "soundgate-vault 01"], 1), ([0: "soundgate-vault one"], 1),
            ([1: "kdf argon2"], 2), ([1: "kdf"], 2), ([1: "kdf raw "], 2), ([1: "raw"], 2),
            ([1: "kdf scrypt 32768 8 1 00"], 2),
            ([1: "kdf scrypt 032768 8 1 000102030405060708090a0b0c0d0e0f"], 2),
            ([1: "kdf scrypt 32768 8 1 000102030405060708090A0b0c0d0e0f"], 2),
            // Memory bombs: 2 GiB, 512 MiB, and time without end.
            ([1: "kdf scrypt 2097152 8 1 000102030405060708090a0b0c0d0e0f"], 2),
            ([1: "kdf scrypt 32768 128 1 000102030405060708090a0b0c0d0e0f"], 2),
            ([1: "kdf scrypt 32768 8 17 000102030405060708090a0b0c0d0e0f"], 2),
            ([1: "kdf scrypt 9223372036854775807 8 1 000102030405060708090a0b0c0d0e0f"], 2),
            ([1: "kdf scrypt 99999999999999999999 8 1 000102030405060708090a0b0c0d0e0f"], 2),
            ([2: "key 00 00"], 3), ([2: ""], 3), ([3: "entry"], 4), ([3: "entry A b c d"], 4),
            ([3: "note hello"], 4),
            ([5: "mac 00"], 6), ([5: "mac"], 6),
        ] as [([Int: String], Int)]
    )
    func aLineThatIsNotOursIsNamed(_ change: [Int: String], _ number: Int) throws {
        var lines = try sample().sealed.lines
        for (index, line) in change { lines[index] = line }
        guard case .malformed(let line, _) = refusal(forged(lines)) else {
            Issue.record("\(String(describing: refusal(forged(lines))))")
            return
        }
        #expect(line == number)
    }

    @Test func tooFewLinesAreMalformed() {
        for count in 1...3 {
            let lines = ["soundgate-vault 1", "kdf raw", "key 00 00"].prefix(count)
            #expect(refusal(forged(Array(lines))) != nil)
        }
    }

    @Test func everyErrorSaysWhatToDoAndShowsNoValue() {
        let errors: [VaultError] = [
            .notAVault, .newerVersion("2"), .truncated, .damaged, .malformed(line: 1, reason: "x"), .wrongKey,
            .wrongKindOfKey(wanted: .raw), .wrongKindOfKey(wanted: .passphrase), .tampered,
            .entryAltered(name("a")), .entrySwapped(name("a"), sealedAs: name("b")), .weakKey, .noMemory,
            .valueOutOfBounds(0), .tooManyEntries,
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
        #expect(errors.allSatisfy { !$0.remedy.isEmpty })
    }
}
