import Testing
import Timing

@Suite("Paces")
struct PaceTests {
    private let second: UInt64 = 1_000_000_000
    private let pace = Pace(count: 600, per: .seconds(60))

    @Test("A fresh start may use everything at once, and then one for each that comes back")
    func burst() {
        var quiet: UInt64 = 0
        for taken in 1...600 {
            let standing = pace.take(quiet, at: 5 * second)
            #expect(standing.wait == nil)
            #expect(standing.remaining == 600 - taken)
            quiet = standing.quietAt
        }
        let refused = pace.take(quiet, at: 5 * second)
        #expect(refused.wait == .milliseconds(100))
        #expect(refused.quietAt == quiet, "a refusal costs nothing")
        #expect(refused.reset == .seconds(60))
        #expect(pace.take(quiet, at: 5 * second + second / 10).wait == nil)
    }

    @Test("What is left and until when all of it is back is told after the first one")
    func first() {
        let standing = pace.take(0, at: second)
        #expect(standing.remaining == 599)
        #expect(standing.reset == .milliseconds(100))
    }

    @Test(
        "Never more than the rate come within its time, however it is divided",
        arguments: [(1, 1), (3, 7), (7, 1), (600, 60), (10_000, 60), (9999, 86_400)]
    )
    func never(count: Int, seconds: Int) {
        let pace = Pace(count: count, per: .seconds(seconds))
        let span = UInt64(seconds) * second
        var (quiet, now, admitted): (UInt64, UInt64, [UInt64]) = (0, second, [])
        while admitted.count < 3 * count {
            let standing = pace.take(quiet, at: now)
            if let wait = standing.wait {
                #expect(wait > .zero)
                now += UInt64(wait / .nanoseconds(1))
                #expect(pace.take(quiet, at: now).wait == nil, "the wait that is told is enough")
            } else {
                quiet = standing.quietAt
                admitted.append(now)
            }
        }
        #expect(admitted[count - 1] == second, "all of it at once")
        // After the burst they come evenly.
        for place in (2 * count)..<(3 * count) { #expect(admitted[place] - admitted[place - count] >= span) }
    }

    @Test("A clock that stands still or a smaller rate never makes the wait longer than the rate's time")
    func changed() {
        let quiet = (0..<600).reduce(UInt64(0)) { quiet, _ in pace.take(quiet, at: second).quietAt }
        let slower = Pace(count: 2, per: .seconds(10))
        #expect(slower.take(quiet, at: second).wait == .seconds(5))
    }
}
