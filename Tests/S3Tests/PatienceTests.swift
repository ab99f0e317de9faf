import S3
import Testing

@Suite struct PatienceTests {
    private let patience = S3Patience(calls: 5, first: .milliseconds(100), ceiling: .seconds(1))

    @Test(arguments: [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (60, 1000)])
    func theWaitDoublesUpToACeiling(_ tries: Int, _ milliseconds: Int) {
        let most = patience.pause(after: tries, asked: nil, chance: 1)
        #expect(most == .milliseconds(milliseconds))
        #expect(patience.pause(after: tries, asked: nil, chance: 0.5) == most / 2)
        #expect(patience.pause(after: tries, asked: nil, chance: 0) == .zero)
    }

    @Test func whatTheStoreAsksForIsKeptUpToTheCeiling() {
        #expect(patience.pause(after: 1, asked: .milliseconds(700), chance: 0.5) == .milliseconds(700))
        #expect(patience.pause(after: 1, asked: .seconds(3600), chance: 0.5) == .seconds(1))
    }
}
