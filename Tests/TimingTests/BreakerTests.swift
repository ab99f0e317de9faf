import Timing
import Testing

@Suite("Breakers")
struct BreakerTests {
    private let second: UInt64 = 1_000_000_000

    private func admits(_ breaker: inout Breaker, at now: UInt64) -> Bool { breaker.admits(at: now) }
    private func fails(_ breaker: inout Breaker, at now: UInt64) -> Bool { breaker.failed(at: now) }

    /// A breaker that has opened at a time.
    private func opened(at now: UInt64) -> Breaker {
        var breaker = Breaker()
        for _ in 0..<5 {
            let isAdmitted = breaker.admits(at: now)
            #expect(isAdmitted)
            _ = breaker.failed(at: now)
        }
        return breaker
    }

    @Test("five failures in a row open it, an answer in between starts anew")
    func patience() {
        var breaker = Breaker()
        for _ in 0..<4 { #expect(!fails(&breaker, at: 0)) }
        breaker.succeeded()
        for _ in 0..<4 { #expect(!fails(&breaker, at: 0)) }
        #expect(fails(&breaker, at: 0))
        #expect(breaker.state(at: 0) == .open)
        #expect(!admits(&breaker, at: 0))
        #expect(breaker.wait(at: 0) == .seconds(5))
    }

    @Test("after its pause one call finds out, and only one")
    func probe() {
        var breaker = opened(at: 0)
        #expect(!admits(&breaker, at: 5 * second - 1))
        #expect(breaker.state(at: 5 * second) == .halfOpen)
        #expect(admits(&breaker, at: 5 * second))
        #expect(!admits(&breaker, at: 5 * second))
        breaker.succeeded()
        #expect(breaker.state(at: 5 * second) == .closed)
        #expect(admits(&breaker, at: 5 * second))
    }

    @Test("a probe that fails doubles the pause, up to two minutes")
    func doubling() {
        var (breaker, now) = (opened(at: 0), UInt64(0))
        for pause in [5, 10, 20, 40, 80, 120, 120] {
            #expect(breaker.wait(at: now) == .seconds(pause))
            now += UInt64(pause) * second
            let isAdmitted = breaker.admits(at: now)
            #expect(isAdmitted)
            #expect(fails(&breaker, at: now))
        }
    }

    @Test("calls that went out before it opened do not lengthen the pause")
    func latecomers() {
        var breaker = opened(at: 0)
        #expect(!fails(&breaker, at: second))
        #expect(breaker.wait(at: second) == .seconds(4))
    }

    @Test("while a call finds out, it is worth waiting")
    func probing() {
        var breaker = opened(at: 0)
        #expect(breaker.wait(at: 5 * second) == .zero)
        #expect(admits(&breaker, at: 5 * second))
        #expect(breaker.wait(at: 5 * second) == .seconds(5))
    }

    @Test("a probe that was given up makes room for another")
    func abandoned() {
        var breaker = opened(at: 0)
        #expect(admits(&breaker, at: 5 * second))
        breaker.abandoned()
        #expect(admits(&breaker, at: 5 * second))
    }
}
