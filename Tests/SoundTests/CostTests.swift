import Sound
import Testing

@Suite struct CostTests {
    @Test(
        arguments: [(0.99 * 3, 2.97), (0.1 + 0.2, 0.3), (2.5, 2.5), (0, 0), (1234.56, 1234.56)]
            as [(Double, Double)]
    )
    func sumsOfPricesAreWhatAPersonWouldReckon(_ amount: Double, _ shown: Double) {
        #expect(Cost.Amount(amount, "credits").amount == shown)
    }
}
