import Providers
import Testing

@Suite("The pace of polls")
struct PollPaceTests {
    private let pace = PollPace(first: .seconds(4), ceiling: .seconds(20), factor: 2)

    @Test(
        "waits grow by the factor up to the ceiling",
        arguments: [(0, 4), (1, 8), (2, 16), (3, 20), (4, 20), (1000, 20), (Int.max, 20)]
    )
    func growth(_ count: Int, _ seconds: Int) {
        #expect(pace.wait(beforePoll: count, eta: nil, jitter: 0.5) == .seconds(seconds))
    }

    @Test(
        "the vendor's estimate stretches the first wait only, up to four ceilings",
        arguments: [(0, 2, 4), (0, 30, 30), (0, 500, 80), (1, 500, 8)]
    )
    func estimate(_ count: Int, _ eta: Int, _ seconds: Int) {
        #expect(pace.wait(beforePoll: count, eta: .seconds(eta), jitter: 0.5) == .seconds(seconds))
    }

    @Test("jitter spreads a wait over fifteen per cent to either side")
    func jitter() {
        #expect(pace.wait(beforePoll: 3, eta: nil, jitter: 0) == .seconds(17))
        #expect(pace.wait(beforePoll: 3, eta: nil, jitter: 0.999) < .seconds(23))
    }
}
