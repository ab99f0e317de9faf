import JSON
import Providers
import Routing
import Sound
import Support
import Testing

@Suite("What holds for every plan")
struct PlanPropertyTests {
    private func draw(_ dice: inout SeededGenerator) -> SoundRequest {
        func maybe<Value>(_ value: Value) -> Value? { Int.random(in: 0..<3, using: &dice) == 0 ? value : nil }
        var request = SoundRequest(
            prompt: String(repeating: "rain ", count: .random(in: 1...105, using: &dice))
        )
        request.type = Bool.random(using: &dice) ? .effect : .music
        request.loop = maybe(Bool.random(using: &dice))
        request.bpm = maybe(Int.random(in: 1...300, using: &dice))
        request.key = maybe(MusicalKey.all.randomElement(using: &dice) ?? MusicalKey(tonic: 0, mode: .major))
        request.duration = maybe(Double.random(in: 0.5...600, using: &dice))
        request.variations = maybe(Int.random(in: 1...10, using: &dice))
        request.style = maybe("jazz")
        request.negativePrompt = maybe("drums")
        request.instrumental = maybe(Bool.random(using: &dice))
        request.seed = maybe(Int64.random(in: .min ... .max, using: &dice))
        request.format = maybe(SoundFormat.allCases.randomElement(using: &dice) ?? .mp3)
        request.timedLyrics = maybe(true)
        request.temporary = maybe(true)
        request.promptInfluence = Int.random(in: 0..<9, using: &dice) == 0 ? 0.5 : nil
        request.model = maybe(["V5", "V5_5", "V9"].randomElement(using: &dice) ?? "V5")
        request.accept = maybe(Grade.allCases.randomElement(using: &dice) ?? .hint)
        request.providers = maybe(["sunoapi", "builtin"].shuffled(using: &dice)) ?? []
        request.maxCost = maybe(Cost.Amount(Double(Int.random(in: 0...5, using: &dice)), "credits"))
        return request
    }

    @Test("a thousand drawn requests keep every rule", arguments: 0..<20)
    func properties(_ round: Int) throws {
        var dice = SeededGenerator(seed: UInt64(round + 1))
        var chosen = 0
        let planner = Planner(providers: everyProvider, preference: ["sunoapi", "builtin"])
        for _ in 0..<50 {
            let request = draw(&dice)
            let plan = planner.plan(request)
            #expect(plan.candidates.count == everyProvider.flatMap(\.adapter.operations).count)
            #expect(plan.eligible.map(\.name) == plan.candidates.prefix(plan.eligible.count).map(\.name))
            for candidate in plan.eligible { try check(candidate, request) }
            for candidate in plan.candidates where !candidate.isEligible { #expect(candidate.call == nil) }
            if request.providers.isEmpty {
                let grades = plan.eligible.map(\.weakestGrade)
                #expect(grades == grades.sorted(by: >))
            }
            chosen += plan.chosen == nil ? 0 : 1
        }
        #expect(chosen > 0, "the draw is too hard to say anything")
    }

    private func check(_ candidate: Candidate, _ request: SoundRequest) throws {
        let accept = request.accept ?? SoundRequest.defaultAccept
        #expect(Set(candidate.fulfilment.keys) == Set(request.demands), "a demand was dropped")
        #expect(candidate.fulfilment.values.allSatisfy { $0 >= accept })
        for (field, grade) in candidate.fulfilment where grade == .hint {
            let phrase = try #require(request.phrase(for: field))
            #expect(candidate.prompt.contains(phrase))
        }
        let provider = try #require(everyProvider.first { $0.id == candidate.name.provider })
        let operation = try #require(provider.operation(candidate.name.operation))
        #expect(candidate.prompt.unicodeScalars.count <= operation.capabilities.promptLimit)
        let takes = candidate.route.shares(of: request.variations).first ?? nil
        // What is shown is what would be sent.
        #expect(candidate.call == operation.call(for: Order(request, route: candidate.route, takes: takes)))
        if ["sunoapi", "apibox", "kie"].contains(candidate.name.provider) { checkSuno(candidate, request) }
        if "\(candidate.name)" == "musicgpt/sound" { checkSound(candidate, request) }
        if "\(candidate.name)" == "musicgpt/music" { checkMusic(candidate, request) }
    }

    private func checkSound(_ candidate: Candidate, _ request: SoundRequest) {
        guard case .form(let pairs)? = candidate.call?.body else {
            Issue.record("\(candidate.name) is called without a form")
            return
        }
        var expected = [UpstreamCall.FormField("prompt", candidate.prompt)]
        if candidate.fulfilment[.duration] == .native, let seconds = request.duration {
            expected.append(.init("audio_length", plain(seconds)))
        }
        #expect(pairs == expected)
    }

    private func checkMusic(_ candidate: Candidate, _ request: SoundRequest) {
        guard case .json(let body)? = candidate.call?.body else {
            Issue.record("\(candidate.name) is called without JSON")
            return
        }
        let isNative = { (field: RequestField) in candidate.fulfilment[field] == .native }
        #expect(body["prompt"]?.string == candidate.prompt)
        #expect(body["output_length"]?.double == (isNative(.duration) ? request.duration : nil))
        #expect(body["music_style"]?.string == request.style)
        #expect(body["negative_tags"]?.string == request.negativePrompt)
        #expect(body["make_instrumental"]?.bool == (request.instrumental == true ? true : nil))
    }

    private func checkSuno(_ candidate: Candidate, _ request: SoundRequest) {
        guard case .json(let body)? = candidate.call?.body else {
            Issue.record("\(candidate.name) is called without JSON")
            return
        }
        #expect(body["prompt"]?.string == candidate.prompt)
        #expect(body["model"]?.string == request.model ?? "V5")
        #expect(body["soundLoop"]?.bool == (request.loop == true ? true : nil))
        #expect(body["soundTempo"]?.integer == request.bpm.map { Int64($0) })
        #expect(body["soundKey"]?.string == request.key?.description)
        #expect(body["grabLyrics"]?.bool == (request.timedLyrics == true ? true : nil))
    }
}
