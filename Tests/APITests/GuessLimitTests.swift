import API
import Testing

@Suite("The table of places that wrong keys come from")
struct GuessLimitTests {
    private let second: UInt64 = 1_000_000_000

    private func spend(_ place: Int, in table: inout GuessLimit<Int>, at now: UInt64) -> Int {
        (0..<100).prefix { _ in table.take(place, at: now) == nil }.count
    }

    @Test("One place is not another's")
    func apart() {
        var table = GuessLimit<Int>()
        let first = spend(1, in: &table, at: second)
        let other = spend(2, in: &table, at: second)
        #expect((first, other) == (20, 20))
        #expect(table.wait(1, at: second) == .seconds(3))
        #expect(table.wait(3, at: second) == nil)
        #expect(table.wait(1, at: 4 * second) == nil)
    }

    @Test("Beyond its size all others share what one place may do, until the first are forgotten")
    func bounded() {
        var table = GuessLimit<Int>(most: 3)
        for place in 1...3 { _ = spend(place, in: &table, at: second) }
        var others = 0
        for place in 4...100 { others += spend(place, in: &table, at: second) }
        #expect(others == 20)
        #expect(table.wait(1000, at: second) != nil)
        let later = spend(101, in: &table, at: 62 * second)
        #expect(later == 20)
        #expect(table.wait(102, at: 62 * second) == nil, "it has a place of its own again")
    }
}
