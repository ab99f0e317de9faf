import JSON
import Providers
import Routing
import Sound
import Testing

@Suite("What goes to the Suno family")
struct SunoTests {
    private func candidate(_ host: String, _ change: (inout SoundRequest) -> Void) throws -> Candidate {
        let plan = Planner(providers: everyProvider, preference: []).plan(request("rain", change))
        return try #require(plan.candidate(host))
    }

    @Test(
        "variations are the first of a job's takes, or several jobs",
        arguments: ["sunoapi", "apibox", "kie"],
        [(1, [1]), (2, [2]), (3, [2, 1]), (10, [2, 2, 2, 2, 2])] as [(Int, [Int?])]
    )
    func variations(_ host: String, _ wanted: (count: Int, shares: [Int?])) throws {
        let sounds = try candidate(host) { $0.variations = wanted.count }
        #expect(sounds.isEligible)
        #expect(sounds.fulfilment == [.variations: .emulated])
        #expect(sounds.route.shares(of: wanted.count) == wanted.shares)
        #expect(sounds.estimatedCost == Cost.Amount(2.5 * Double(wanted.shares.count), "credits"))
    }

    @Test("lyrics with their times are asked for only when they are wanted")
    func timedLyrics() throws {
        let wanted = try candidate("kie") { $0.timedLyrics = true }
        #expect(wanted.fulfilment == [.timedLyrics: .native])
        #expect(wanted.call?.displayedBody["grabLyrics"] == true)
        #expect(try candidate("kie") { $0.timedLyrics = false }.call?.displayedBody["grabLyrics"] == nil)
    }
}
