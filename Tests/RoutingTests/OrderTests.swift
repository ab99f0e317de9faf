import Providers
import Routing
import Sound
import Testing

@Suite("The order of candidates")
struct OrderTests {
    private func order(
        _ providers: [Provider],
        preference: [String] = [],
        _ change: (inout SoundRequest) -> Void = { _ in }
    ) -> [String] {
        Planner(providers: providers, preference: preference).plan(request("rain", change)).candidates.map {
            "\($0.name)"
        }
    }

    @Test("equals stand in the order of preference, then of the configuration")
    func preference() {
        let all = ["a", "b", "c"].map { provider($0) }
        #expect(order(all) == ["a/jobs", "b/jobs", "c/jobs"])
        #expect(order(all, preference: ["c", "b"]) == ["c/jobs", "b/jobs", "a/jobs"])
        #expect(order(all, preference: ["b"]) == ["b/jobs", "a/jobs", "c/jobs"])
        #expect(order(all, preference: ["nobody", "c"]) == ["c/jobs", "a/jobs", "b/jobs"])
    }

    @Test("the caller's list goes before grade and preference")
    func callersOrder() {
        let all = [provider("a", [.bpm: [.native(.any)]]), provider("b", [.bpm: [.hint]]), provider("c")]
        let order = order(all, preference: ["a"]) {
            $0.providers = ["b", "a"]
            $0.bpm = 120
            $0.accept = .hint
        }
        #expect(order == ["b/jobs", "a/jobs", "c/jobs"])
    }

    @Test("among the operations of a provider that the caller named, the better grade goes first")
    func operationsOfOne() {
        let two = provider(
            "a",
            operations: [operation("weak", [.bpm: [.hint]]), operation("able", [.bpm: [.native(.any)]])]
        )
        let order = order([two]) {
            $0.providers = ["a"]
            $0.bpm = 120
            $0.accept = .hint
        }
        #expect(order == ["a/able", "a/weak"])
    }

    @Test("those that cannot take the request come last, in configured order")
    func refusedLast() {
        let all = [provider("a", types: [.music]), provider("b"), provider("c", types: [.music])]
        #expect(order(all, preference: ["c", "a"]) == ["b/jobs", "a/jobs", "c/jobs"])
    }

    @Test("who cannot be called just now stands behind its equals, before those that do less, and says why")
    func troubled() {
        let able: [RequestField: [Capabilities.Means]] = [.bpm: [.native(.any)]]
        let all = [provider("a", able), provider("b", able), provider("c", [.bpm: [.hint]])]
        let planner = Planner(providers: all, preference: ["a"])
        let states = ["a": ProviderState(troubles: ["jobs": "its calls fail just now"])]
        let plan = planner.plan(
            request("rain") {
                $0.bpm = 120
                $0.accept = .hint
            },
            states: states
        )
        #expect(plan.candidates.map { "\($0.name)" } == ["b/jobs", "a/jobs", "c/jobs"])
        #expect(plan.candidates[1].reason == "as able as others, but its calls fail just now")
        let asked = planner.plan(request("rain") { $0.providers = ["a", "b"] }, states: states)
        #expect(
            asked.candidates.prefix(2).map { "\($0.name)" } == ["a/jobs", "b/jobs"],
            "the caller's own order"
        )
    }

    @Test("without candidates nothing is chosen")
    func none() {
        let plan = Planner(providers: [], preference: []).plan(request())
        #expect(plan.chosen == nil)
        #expect(plan.candidates.isEmpty)
    }

    @Test("a candidate says why it stands where it stands, and what the wait is")
    func reasons() {
        let plan = Planner(
            providers: [provider("a"), provider("b"), provider("c", types: [.music])],
            preference: []
        )
        .plan(request(), states: ["b": ProviderState(expectedWait: .seconds(9))])
        #expect(plan.candidates.allSatisfy { !$0.reason.isEmpty })
        #expect(plan.candidates.map(\.expectedWait) == [nil, .seconds(9), nil])
    }

    @Test("the route that a task keeps is the one that was planned")
    func route() throws {
        let planned = provider("a", models: ["V5"], cost: Cost.Amount(2, "credits"), [.bpm: [.hint]])
        let plan = Planner(providers: [planned], preference: []).plan(
            request {
                $0.bpm = 120
                $0.accept = .hint
            }
        )
        let route = try #require(plan.chosen?.route)
        #expect(
            route
                == Route(
                    name: RouteName(provider: "a", operation: "jobs"),
                    model: "V5",
                    prompt: "rain, at 120 BPM",
                    fulfilment: [.bpm: .hint],
                    estimatedCost: Cost.Amount(2, "credits")
                )
        )
    }
}
