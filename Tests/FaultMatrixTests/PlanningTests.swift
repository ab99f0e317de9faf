import Providers
import Routing
import Sound
import Testing

@Suite("Planning before any fault") struct PlanningTests {
    @Test("V5_5 asked of apibox is refused at planning, and nothing is sent")
    func unknownModel() async throws {
        try await withHouse(HouseRules(), vendor: "apibox") { house in
            var request = Subject.apibox.request
            request.model = "V5_5"
            request.providers = ["apibox"]
            let plan = Planner(providers: house.providers, preference: []).plan(request)
            #expect(plan.eligible.isEmpty)
            let apibox = try #require(plan.candidates.first { $0.name == Subject.apibox.route })
            #expect(apibox.refusals.map(\.field) == ["model"])
            request.providers = ["sunoapi"]
            let other = Planner(providers: house.providers, preference: []).plan(request)
            #expect(other.eligible.map(\.name) == [Subject.sunoapi.route])
            #expect(try await house.calls("create", at: "apibox") == 0)
        }
    }
}
