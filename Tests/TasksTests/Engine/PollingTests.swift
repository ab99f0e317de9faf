import Providers
import Tasks
import Testing

@Suite struct PollingTests {
    private let pace = PollPace(first: .seconds(5), ceiling: .seconds(30))

    private func next(_ polling: inout Polling, at now: UInt64 = 0) -> Duration {
        polling.next(by: pace, eta: nil, atLeast: nil, jitter: 0.5, at: now)
    }

    @Test func waitsGrowByThePaceAndEachIsATurnOfItsOwn() {
        var polling = Polling()
        let waits = [next(&polling), next(&polling)]
        #expect(waits == [.seconds(5), .seconds(7.5)])
        #expect(polling.turn == 2)
    }

    @Test func aVendorThatWantsToBeLeftAloneIsForFiveMinutesAtMost() {
        var polling = Polling()
        let wait = polling.next(by: pace, eta: nil, atLeast: .seconds(1000), jitter: 0.5, at: 0)
        #expect(wait == .seconds(300))
    }

    @Test func aHintAsksAtOnceAndOnceASecond() {
        var polling = Polling()
        let first = polling.hint(mayAsk: true, at: 5_000_000_000)
        let again = polling.hint(mayAsk: true, at: 5_000_000_000)
        polling.ask(at: 5_000_000_000)
        let later = polling.hint(mayAsk: true, at: 5_400_000_000)
        #expect((first, again, later) == (.zero, nil, .milliseconds(600)))
    }

    @Test func aHintDuringAQuestionShortensTheNextWait() {
        var polling = Polling()
        polling.ask(at: 10_000_000_000)
        let pause = polling.hint(mayAsk: false, at: 10_100_000_000)
        #expect(pause == nil)
        let hinted = next(&polling, at: 10_200_000_000)
        #expect(hinted == .milliseconds(800))
        polling.ask(at: 11_000_000_000)
        let usual = next(&polling, at: 11_000_000_000)
        #expect(usual == .seconds(7.5))
    }
}
