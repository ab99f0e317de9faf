import Postgres
import Support
import Testing

@Suite struct BackoffTests {
    @Test func pausesDoubleUpToTheCeilingAndAreNeverLongerNorShorterThanHalf() {
        var backoff = Backoff(first: .milliseconds(100), ceiling: .seconds(1))
        var generator = SeededGenerator(seed: 7)
        for span in [100, 200, 400, 800, 1000, 1000] {
            let pause = backoff.next(using: &generator)
            #expect(pause <= .milliseconds(span))
            #expect(pause >= .milliseconds(span) / 2)
        }
        #expect(backoff.failures == 6)
        backoff.reset()
        #expect(backoff.next(using: &generator) <= .milliseconds(100))
    }

    @Test func twoGatewaysDoNotComeBackAtOnce() {
        var backoff = Backoff(first: .seconds(1), ceiling: .seconds(1))
        var other = backoff
        var (one, two) = (SeededGenerator(seed: 1), SeededGenerator(seed: 2))
        #expect(backoff.next(using: &one) != other.next(using: &two))
    }
}
