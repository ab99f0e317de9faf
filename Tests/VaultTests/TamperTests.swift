import Crypto
import Telemetry
import Testing
import Vault

/// What somebody can do who has the file, makes its checksum anew, and does not have the key.
@Suite struct TamperTests {
    private let vault: UnlockedVault
    private let lines: [String]

    init() throws {
        vault = try sample(["a": "first", "b": "other", "c": "third"])
        lines = vault.sealed.lines
    }

    @Test func theUntouchedLinesOpen() {
        #expect(refusal(forged(lines)) == nil)
    }

    private func words(_ line: Int) -> [String] { lines[line].split(separator: " ").map(String.init) }

    private func with(_ line: Int, _ words: [String]) -> [UInt8] {
        var lines = lines
        lines[line] = words.joined(separator: " ")
        return forged(lines)
    }

    @Test func aFlippedBitOfASealedValueNamesTheEntry() throws {
        let sealed = try #require(Base64.standard.decode(words(4)[4]))
        for bit in 0..<sealed.count * 8 {
            var changed = sealed
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            let bytes = with(4, Array(words(4)[..<4]) + [Base64.standard.encode(changed)])
            #expect(refusal(bytes) == .entryAltered(name("b")))
        }
    }

    @Test func anotherNonceNamesTheEntry() {
        let nonce = String(repeating: "00", count: 12)
        #expect(
            refusal(with(4, Array(words(4)[..<3]) + [nonce, words(4)[4]])) == .entryAltered(name("b"))
        )
    }

    @Test func aValueUnderAnothersNameIsToldWithBoth() {
        let moved = with(4, Array(words(4)[..<3]) + words(3)[3...])
        #expect(refusal(moved) == .entrySwapped(name("b"), sealedAs: name("a")))
        var swapped = lines
        swapped[3] = (words(3)[..<3] + words(4)[3...]).joined(separator: " ")
        swapped[4] = (words(4)[..<3] + words(3)[3...]).joined(separator: " ")
        #expect(refusal(forged(swapped)) == .entrySwapped(name("a"), sealedAs: name("b")))
    }

    @Test func aRenamedEntryIsAltered() {
        #expect(refusal(with(5, ["entry", "d"] + words(5)[2...])) == .entryAltered(name("d")))
    }

    @Test func anotherTimeIsTampering() {
        #expect(
            refusal(with(3, ["entry", "a", "2020-01-01T00:00:00.000Z"] + words(3)[3...])) == .tampered
        )
    }

    @Test func aRemovedEntryIsTampering() {
        for line in 3...5 {
            var fewer = lines
            fewer.remove(at: line)
            #expect(refusal(forged(fewer)) == .tampered)
        }
    }

    @Test func anEntryThatWasRemovedBeforeIsTampering() throws {
        var fewer = vault
        let isRemoved = fewer.remove(name("b"))
        #expect(isRemoved)
        var again = fewer.sealed.lines
        again.insert(lines[4], at: 4)
        #expect(refusal(forged(again)) == .tampered)
    }

    @Test func anOlderValueOfAnEntryIsTampering() throws {
        var newer = vault
        try newer.set(name("b"), to: value("newer"), at: time)
        var mixed = newer.sealed.lines
        mixed[4] = lines[4]
        #expect(refusal(forged(mixed)) == .tampered)
    }

    @Test func anotherOrderIsMalformed() {
        var turned = lines
        turned.swapAt(3, 4)
        #expect(refusal(forged(turned)) == .malformed(line: 5, reason: "entries are not in order"))
        var doubled = lines
        doubled.insert(lines[4], at: 4)
        #expect(refusal(forged(doubled)) == .malformed(line: 6, reason: "entries are not in order"))
    }

    @Test func anotherCodeIsTampering() {
        #expect(refusal(with(6, ["mac", String(repeating: "0", count: 64)])) == .tampered)
    }

    @Test func anotherWrappedKeyDoesNotOpen() throws {
        let sealed = try #require(Hex.decode(words(2)[2]))
        for bit in 0..<sealed.count * 8 {
            var changed = sealed
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(refusal(with(2, ["key", words(2)[1], Hex.encode(changed)])) == .wrongKey)
        }
    }

    @Test func linesOfAnotherVaultDoNotPass() throws {
        let other = try sample(["a": "first", "b": "other", "c": "third"]).sealed.lines
        for line in 3...5 {
            var mixed = lines
            mixed[line] = other[line]
            #expect(refusal(forged(mixed)) != nil)
        }
    }
}
