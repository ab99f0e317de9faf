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

    /// Whoever has some ids of this very millisecond knows nothing of the next one.
    @Test func tellsNothingOfAnother() {
        let tails = (0..<4096).map { _ in Array(identifier(prefix: "snd", milliseconds: 5).utf8.suffix(16)) }
        for place in 0..<16 {
            var counts: [UInt8: Int] = [:]
            for tail in tails { counts[tail[place], default: 0] += 1 }
            // 128 of each of the 32 digits, give or take: eleven is one standard deviation, and this is eight.
            #expect(counts.count == 32, "digit \(place) has \(counts.count) values")
            #expect(counts.values.allSatisfy { (40...216).contains($0) }, "digit \(place)")
        }
        // No sequence: as many go down as up, and neighbours differ nearly everywhere.
        let pairs = zip(tails, tails.dropFirst())
        let rising = pairs.filter { $0.lexicographicallyPrecedes($1) }.count
        #expect((1800...2300).contains(rising))
        let alike = pairs.map { pair in zip(pair.0, pair.1).filter { $0 == $1 }.count }
        #expect((alike.max() ?? 16) < 10)
    }
}
