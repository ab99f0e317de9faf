import Crypto
import Testing

@Suite struct IdentifierTests {
    @Test func hasTheShapeOfAPrefixedULID() {
        // The example of the ULID specification: 1469918176385 ms is 01ARYZ6S41.
        let id = identifier(
            prefix: "snd",
            milliseconds: 1_469_918_176_385,
            random: [UInt8](repeating: 0xFF, count: 10)
        )
        #expect(id == "snd_01ARYZ6S41ZZZZZZZZZZZZZZZZ")
        #expect(identifier(prefix: "", milliseconds: 0, random: []) == String(repeating: "0", count: 26))
        let counting = identifier(prefix: "", milliseconds: 0, random: [0, 0, 0, 0, 1, 0, 0, 0, 0, 2])
        #expect(counting == "0000000000" + "00000001" + "00000002")
    }

    @Test func sortsByTime() {
        let times: [Int64] = [
            0, 1, 31, 32, 1_700_000_000_000, 1_700_000_000_001, 1_800_000_000_000, 0xFFFF_FFFF_FFFF,
        ]
        let ids = times.map { identifier(prefix: "t", milliseconds: $0) }
        #expect(ids == ids.sorted())
    }

    @Test func neverComesTwice() {
        let ids = Set((0..<10_000).map { _ in identifier(prefix: "x", milliseconds: 5) })
        #expect(ids.count == 10_000)
    }
}
