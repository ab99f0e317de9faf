import Tasks
import Testing

@Suite("Retry budgets")
struct RetryBudgetTests {
    private let second: UInt64 = 1_000_000_000

    /// How many second tries a budget gives at a time before it puts one off.
    private func given(_ budget: inout RetryBudget, at now: UInt64) -> Int {
        for count in 0..<1000 where budget.spend(at: now) > .zero { return count }
        return 1000
    }

    @Test("a quiet provider's first failures are tried again at once, then no more")
    func saved() {
        var budget = RetryBudget(at: 0)
        #expect(given(&budget, at: 0) == 10)
        #expect(given(&budget, at: 0) == 0)
    }

    @Test("five first tries earn one second try")
    func share() {
        var budget = RetryBudget(at: 0)
        _ = given(&budget, at: 0)
        for _ in 0..<50 { budget.earn() }
        #expect(given(&budget, at: 0) == 10)
    }

    @Test("time earns one in five seconds, and the wait says when")
    func trickle() {
        var budget = RetryBudget(at: 0)
        _ = given(&budget, at: 0)
        let wait = budget.spend(at: 0)
        #expect(wait == .seconds(5))
        #expect(given(&budget, at: 4 * second) == 0)
        #expect(given(&budget, at: 5 * second) == 1)
        #expect(given(&budget, at: 20 * second) == 3)
    }

    @Test("no more than twenty are saved, whatever has been earned")
    func ceiling() {
        var budget = RetryBudget(at: 0)
        for _ in 0..<10_000 { budget.earn() }
        #expect(given(&budget, at: 3600 * second) == 20)
    }
}
