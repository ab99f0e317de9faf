import Support
import Tasks
import Testing

@Suite("Dividing the places of a key")
struct KeyDivisionTests {
    private typealias Stake = KeyDivision.Stake

    @Test("who is alone gets what it wants, up to all")
    func alone() {
        for wanting in 0...6 {
            let share = KeyDivision.share(of: 4, before: 0, using: 0, wanting: wanting, others: [])
            #expect(share == KeyShare(places: min(wanting, 4), othersWant: false))
        }
    }

    @Test("what is in use is never taken away, even where it is too much already")
    func use() {
        let share = KeyDivision.share(
            of: 4,
            before: 3,
            using: 3,
            wanting: 3,
            others: [Stake(places: 3, wanted: 3), Stake(places: 0, wanted: 9)]
        )
        #expect(share == KeyShare(places: 3, othersWant: true))
    }

    /// Holders of one key whose jobs begin and end at random.
    private struct House {
        struct Holder {
            var places = 0
            var using = 0
            var wanted = 0
            var line: Int
            var served = 0
        }

        let capacity: Int
        var holders: [Holder]

        mutating func ask(_ index: Int) {
            let holder = holders[index]
            let share = KeyDivision.share(
                of: capacity,
                before: holder.places,
                using: holder.using,
                wanting: min(capacity, holder.using + holder.line),
                others: holders.enumerated().filter { $0.offset != index }.map {
                    Stake(places: $0.element.places, wanted: $0.element.wanted)
                }
            )
            holders[index].places = share.places
            holders[index].wanted = min(capacity, holder.using + holder.line)
        }

        mutating func begin(_ index: Int) {
            while holders[index].using < holders[index].places, holders[index].line > 0 {
                holders[index].using += 1
                holders[index].line -= 1
            }
        }
    }

    @Test(
        "all together never have more than there is, and everybody has a turn",
        arguments: [(1, 3), (2, 3), (4, 3), (10, 3), (3, 8), (1, 1)],
        [1, 2, 3] as [UInt64]
    )
    func turns(_ size: (capacity: Int, holders: Int), _ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var house = House(
            capacity: size.capacity,
            holders: (0..<size.holders).map { _ in .init(line: 200) }
        )
        for _ in 0..<2000 {
            let index = Int.random(in: 0..<size.holders, using: &generator)
            if Bool.random(using: &generator), house.holders[index].using > 0 {
                house.holders[index].using -= 1
                house.holders[index].served += 1
            }
            house.ask(index)
            house.begin(index)
            let used = house.holders.reduce(0) { $0 + $1.using }
            let held = house.holders.reduce(0) { $0 + $1.places }
            #expect(used <= size.capacity && held <= size.capacity)
        }
        let served = house.holders.map(\.served)
        let most = served.max() ?? 0
        for count in served { #expect(count * 4 >= most, "\(served)") }
    }

    @Test("nothing lies idle while somebody wants it")
    func idleness() {
        var house = House(capacity: 4, holders: (0..<3).map { _ in .init(line: 50) })
        for index in [0, 1, 2, 0, 1, 2, 0, 1, 2] {
            house.ask(index)
            house.begin(index)
        }
        #expect(house.holders.reduce(0) { $0 + $1.using } == 4)
    }

    @Test(
        "however late each start is used, no more than allowed fall within the span",
        arguments: [(1, 1_000), (10, 1_000), (3, 60_000), (20, 10_000)] as [(Int, Int64)],
        [1, 2, 3] as [UInt64]
    )
    func starts(_ rate: (count: Int, per: Int64), _ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let hold = min(rate.per / 8, 500)
        var taken: [Int64] = []
        var used: [Int64] = []
        var now: Int64 = 1_000_000
        for _ in 0..<400 {
            now += Int64.random(in: 0...(rate.per / 4), using: &generator)
            let more = KeyDivision.starts(
                Int.random(in: 1...4, using: &generator),
                count: rate.count,
                per: rate.per,
                hold: hold,
                after: taken,
                now: now
            )
            #expect(more.allSatisfy { $0 >= now })
            taken = (taken + more).suffix(rate.count)
            used += more.map { $0 + Int64.random(in: 0..<hold, using: &generator) }
        }
        used.sort()
        for index in used.indices.dropFirst(rate.count) {
            #expect(used[index] - used[index - rate.count] > rate.per - 1)
        }
        // Nothing is wasted either: at a full line it is nearly the rate.
        let span = Double(used[used.count - 1] - used[0])
        #expect(Double(used.count) <= span / Double(rate.per) * Double(rate.count) + Double(rate.count) + 1)
    }
}
