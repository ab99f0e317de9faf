import Tasks
import Testing

@Suite struct SharingTests {
    private func stake(share: Int, used: Int, permits: Int = 0, rate: Int? = nil) -> SlotQueue.Stake {
        var queue = SlotQueue(
            keys: [
                SlotQueue.Key(
                    "a",
                    capacity: 10,
                    rate: rate.map { ($0, 1_000_000_000) },
                    isShared: true
                )
            ],
            withoutKeys: 0
        )
        for _ in 0..<used { queue.hold("a") }
        queue.setShare(of: "a", share)
        queue.add((0..<permits).map { _ in .init(from: 0, until: 10) }, for: "a")
        guard let stake = queue.stakes(at: 0).first else { fatalError("there is a key") }
        return stake
    }

    private func look(
        _ sharing: inout Sharing,
        _ stake: SlotQueue.Stake,
        depth: Int,
        isDue: Bool,
        at now: UInt64
    ) -> Sharing.Look {
        sharing.look(at: stake, depth: depth, isDue: isDue, at: now)
    }

    @Test func aLineAsksForWhatItNeedsAndNoMoreThanThereIs() {
        var sharing = Sharing()
        var found = look(&sharing, stake(share: 1, used: 1), depth: 3, isDue: false, at: 0)
        #expect(found == .ask(wanting: 4))
        found = look(&sharing, stake(share: 1, used: 1), depth: 30, isDue: false, at: 0)
        #expect(
            found == .ask(wanting: 10)
        )
        found = look(&sharing, stake(share: 4, used: 1), depth: 3, isDue: false, at: 0)
        #expect(found == .leave)
    }

    @Test func nothingIsAskedWhileAQuestionIsUnderWayOrBeforeItsTime() {
        var sharing = Sharing()
        sharing.ask(wanting: 4)
        var found = look(&sharing, stake(share: 1, used: 1), depth: 3, isDue: true, at: 0)
        #expect(found == .leave)
        let answer = sharing.answered(KeyShare(places: 1, othersWant: false), before: 1, wanting: 4)
        #expect(!answer.isFreed && answer.isWanted)
        let isLater = sharing.settle(stake(share: 1, used: 1), depth: 3, after: answer.pause, at: 0)
        #expect(isLater)
        found = look(&sharing, stake(share: 1, used: 1), depth: 3, isDue: false, at: 1)
        #expect(found == .leave)
        found = look(&sharing, stake(share: 1, used: 1), depth: 3, isDue: true, at: 1)
        #expect(found == .ask(wanting: 4))
    }

    @Test func idlePlacesGoBackAfterAWhileAndAtOnceWhenOthersWantThem() {
        var sharing = Sharing()
        let idle = stake(share: 4, used: 1)
        let again = Sharing.Look.lookAgain(after: .seconds(2))
        var found = look(&sharing, idle, depth: 0, isDue: false, at: 0)
        #expect(found == again)
        found = look(&sharing, idle, depth: 0, isDue: false, at: 1_999_999_999)
        #expect(found == .leave)
        found = look(&sharing, idle, depth: 0, isDue: false, at: 2_000_000_000)
        #expect(found == .ask(wanting: 1))
        var asked = Sharing()
        asked.othersWant = true
        found = look(&asked, idle, depth: 0, isDue: false, at: 0)
        #expect(found == .ask(wanting: 1))
    }

    @Test func startsAreReservedForTheLineAndNoMoreThanTheRate() {
        var sharing = Sharing()
        #expect(sharing.startsWanted(stake(share: 4, used: 1), depth: 5, at: 0) == 0)
        #expect(sharing.startsWanted(stake(share: 4, used: 1, permits: 1, rate: 3), depth: 5, at: 0) == 2)
        sharing.isReserving = true
        #expect(sharing.startsWanted(stake(share: 4, used: 1, rate: 3), depth: 5, at: 0) == 0)
    }

    @Test func startsThatAreVoidWhenTheyAreHereAreNotAskedForAgainAtOnce() {
        let place = stake(share: 4, used: 1, rate: 3)
        let hold = UInt64(125_000_000)
        var sharing = Sharing()
        sharing.isReserving = true
        let soon = sharing.reserved([.zero], rate: (3, 1_000_000_000), asked: 0, answered: hold - 1)
        #expect(soon.permits == [.init(from: hold - 1, until: hold)])
        #expect(soon.pause == nil)
        #expect(sharing.startsWanted(place, depth: 5, at: hold) == 3)
        sharing.isReserving = true
        let late = sharing.reserved([.zero, .seconds(1)], rate: (3, 1_000_000_000), asked: 0, answered: hold)
        #expect(late.permits == [])
        #expect(late.pause == Sharing.patience)
        #expect(sharing.startsWanted(place, depth: 5, at: hold + 999_999_999) == 0)
        #expect(sharing.startsWanted(place, depth: 5, at: hold + 1_000_000_000) == 3)
        // Where nothing was to be had, nothing was void.
        sharing.isReserving = true
        let none = sharing.reserved([], rate: (3, 1_000_000_000), asked: 0, answered: 2 * hold)
        #expect(none.pause == nil)
    }
}
