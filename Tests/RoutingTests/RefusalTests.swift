import JSON
import Providers
import Routing
import Sound
import Testing

@Suite("Refusals")
struct RefusalTests {
    private func plan(_ provider: Provider, _ change: (inout SoundRequest) -> Void) -> Plan {
        Planner(providers: [provider], preference: []).plan(request("rain", change))
    }

    @Test("a field without any means is refused by name")
    func noMeans() {
        let plan = plan(provider("p")) {
            $0.loop = true
            $0.seed = 1
        }
        #expect(plan.refusals("p") == ["loop not_supported", "seed not_supported"])
        #expect(plan.chosen == nil)
        #expect(plan.candidate("p")?.call == nil)
        #expect(plan.candidate("p")?.fulfilment == [:])
    }

    @Test("a value beyond every limit is refused with what would be taken")
    func outOfRange() throws {
        let plan = plan(provider("p", [.duration: [.native(.numbers(1...30))]])) { $0.duration = 31 }
        let refusal = try #require(plan.candidate("p")?.refusals.first)
        #expect(refusal.code == .outOfRange)
        #expect(refusal.message.contains("from 1 to 30"))
    }

    @Test("a type that an operation does not make is refused")
    func type() {
        #expect(
            plan(provider("p", types: [.music])) { $0.type = .effect }.refusals("p") == ["type not_supported"]
        )
    }

    @Test("providers that the caller did not name are refused")
    func notAsked() {
        let plan = plan(provider("p")) { $0.providers = ["q"] }
        #expect(plan.refusals("p") == ["provider not_asked"])
    }

    @Test(
        "a model is one of the operation's or of the config's; a near miss is named",
        arguments: [("V5", true), ("V6", true), ("V7", false), ("v5", false)]
    )
    func models(_ model: String, _ isKnown: Bool) {
        let plan = plan(provider("p", models: ["V5"], extraModels: ["V6"])) { $0.model = model }
        #expect(plan.refusals("p") == (isKnown ? [] : ["model unknown_model"]))
        #expect(plan.chosen?.model == (isKnown ? model : nil))
        if !isKnown { #expect(plan.candidate("p")?.refusals.first?.message.contains("V5, V6") == true) }
    }

    @Test(
        "a host of the Suno family is asked only for models that it has",
        arguments: [
            ("V5", ["sunoapi", "apibox", "kie"]), ("V5_5", ["sunoapi", "kie"]), ("V6", ["kie"]),
        ]
    )
    func family(_ model: String, _ hosts: [String]) {
        let providers = everyProvider.filter { ["sunoapi", "apibox", "kie"].contains($0.id) }
        let plan = Planner(providers: providers, preference: []).plan(request("rain") { $0.model = model })
        #expect(plan.eligible.map(\.name.provider) == hosts)
        for refused in providers.map(\.id) where !hosts.contains(refused) {
            #expect(plan.refusals(refused) == ["model unknown_model"])
        }
    }

    @Test("an operation without models refuses any, and sends none by itself")
    func noModels() {
        #expect(plan(provider("p")) { $0.model = "V5" }.refusals("p") == ["model unknown_model"])
        let chosen = plan(provider("p")) { _ in }.chosen
        #expect(chosen != nil)
        #expect(chosen?.model == nil)
    }

    @Test("the prompt's limit holds after hints have been folded in")
    func promptLimit() throws {
        let tight = provider("p", promptLimit: 15, [.bpm: [.hint]])
        let plain = Planner(providers: [tight], preference: []).plan(
            request(String(repeating: "é", count: 15))
        )
        #expect(plain.chosen != nil)
        let long = Planner(providers: [tight], preference: []).plan(
            request(String(repeating: "x", count: 16))
        )
        #expect(long.refusals("p") == ["prompt prompt_too_long"])
        let folded = plan(tight) {
            $0.bpm = 120
            $0.accept = .hint
        }
        #expect(folded.chosen == nil)
        let refusal = try #require(folded.candidate("p")?.refusals.first)
        #expect(refusal.message.contains("with its hints has 16 characters"))
        #expect(refusal.message.contains("at most 15"))
    }

    @Test(
        "a route above the caller's cost, in another unit or of unknown cost is refused, a free one never",
        arguments: [
            (Cost.Amount(5, "credits"), true), (Cost.Amount(5.5, "credits"), false),
            (Cost.Amount(1, "USD"), false),
            (Cost.Amount(0, "USD"), true), (nil, false),
        ] as [(Cost.Amount?, Bool)]
    )
    func cost(_ cost: Cost.Amount?, _ isTaken: Bool) {
        let plan = plan(provider("p", cost: cost)) { $0.maxCost = Cost.Amount(5, "credits") }
        #expect(plan.refusals("p") == (isTaken ? [] : ["max_cost too_expensive"]))
        #expect(self.plan(provider("p", cost: cost)) { _ in }.chosen?.estimatedCost == cost)
    }

    @Test("options are refused by an adapter that has none, and do not trouble the others")
    func options() {
        let planner = Planner(providers: [provider("p"), provider("q")], preference: [])
        let plan = planner.plan(request { $0.providerOptions = ["p": ["x": 1, "y": 2]] })
        #expect(
            plan.refusals("p") == [
                "provider_options.p.x invalid_option", "provider_options.p.y invalid_option",
            ]
        )
        #expect(plan.refusals("q") == [])
        #expect(planner.plan(request { $0.providerOptions = ["p": [:]] }).refusals("p") == [])
    }

    @Test("options of the built-in synthesizer are refused as well, never dropped")
    func builtinOptions() {
        let plan = Planner(providers: everyProvider, preference: []).plan(
            request { $0.providerOptions = ["builtin": ["x": 1]] }
        )
        #expect(plan.refusals("builtin") == ["provider_options.builtin.x invalid_option"])
    }

    @Test("every reason is given at once")
    func allAtOnce() {
        let plan = plan(provider("p", types: [.music], promptLimit: 3, cost: Cost.Amount(9, "credits"))) {
            $0.providers = ["q"]
            $0.loop = true
            $0.model = "V5"
            $0.maxCost = Cost.Amount(1, "credits")
            $0.providerOptions = ["p": ["x": 1]]
        }
        #expect(
            plan.refusals("p") == [
                "provider not_asked", "type not_supported", "loop not_supported", "model unknown_model",
                "prompt prompt_too_long", "max_cost too_expensive", "provider_options.p.x invalid_option",
            ]
        )
        for refusal in plan.candidate("p")?.refusals ?? [] {
            #expect(refusal.message.count > 20, "\(refusal.field) is refused without a sentence")
        }
    }
}
