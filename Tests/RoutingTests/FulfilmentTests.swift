import Providers
import Routing
import Sound
import Testing

@Suite("How demands are met")
struct FulfilmentTests {
    private let three = [
        provider("hints", [.bpm: [.hint], .loop: [.hint]]),
        provider("emulates", [.bpm: [.emulated(.selection, .any)], .loop: [.emulated(.selection, .any)]]),
        provider("native", [.bpm: [.native(.any)], .loop: [.native(.any)]]),
    ]

    @Test("native beats emulated, emulated beats a hint")
    func grades() {
        let plan = Planner(providers: three, preference: ["hints", "emulates"]).plan(
            request {
                $0.bpm = 120
                $0.accept = .hint
            }
        )
        #expect(plan.order == ["native", "emulates", "hints"])
        #expect(plan.candidates.map { $0.fulfilment[.bpm] } == [.native, .emulated, .hint])
    }

    @Test(
        "a provider that does worse than the caller accepts is refused, with the word that would allow it",
        arguments: [
            (Grade.native, ["native"]), (.emulated, ["native", "emulates"]),
            (.hint, ["native", "emulates", "hints"]), (nil, ["native", "emulates"]),
        ] as [(Grade?, [String])]
    )
    func accept(_ accept: Grade?, _ able: [String]) throws {
        let plan = Planner(providers: three, preference: []).plan(
            request {
                $0.bpm = 120
                $0.accept = accept
            }
        )
        #expect(plan.eligible.map(\.name.provider) == able)
        for candidate in plan.candidates where !candidate.isEligible {
            let refusal = try #require(candidate.refusals.first)
            #expect(refusal.field == "bpm")
            #expect(refusal.code == .weakerThanAccepted)
            #expect(refusal.message.contains("send \"accept\": \""))
        }
    }

    @Test("a switch that is off is met by everyone")
    func switchedOff() {
        let plan = Planner(providers: [provider("plain")], preference: []).plan(request { $0.loop = false })
        #expect(plan.chosen?.fulfilment == [:])
    }

    @Test("a better way whose limit does not admit the value gives way to a weaker one that does")
    func limitedWays() {
        let ways: [Capabilities.Means] = [.native(.integers(100...120)), .hint]
        let planner = Planner(providers: [provider("p", [.bpm: ways])], preference: [])
        func grade(_ bpm: Int) -> Grade? {
            planner.plan(
                request {
                    $0.bpm = bpm
                    $0.accept = .hint
                }
            ).chosen?.fulfilment[.bpm]
        }
        #expect([99, 100, 120, 121].map(grade) == [.hint, .native, .native, .hint])
    }

    @Test("hints are written into the prompt, other demands are not")
    func folding() {
        let means: [RequestField: [Capabilities.Means]] = [
            .bpm: [.hint], .key: [.hint], .loop: [.native(.any)], .duration: [.hint],
        ]
        let plan = Planner(
            providers: [provider("p", [.style: [.hint]].merging(means) { $1 })],
            preference: []
        ).plan(
            request {
                $0.bpm = 120
                $0.key = MusicalKey("Am")
                $0.loop = true
                $0.duration = 4
                $0.style = "jazz"
                $0.accept = .hint
            }
        )
        #expect(
            plan.chosen?.prompt
                == "rain, at 120 BPM, in A minor, 4 seconds long, in the style of jazz"
        )
        #expect(plan.chosen?.weakestGrade == .hint)
    }

    @Test("a hint makes a prompt of a request without one")
    func hintsAlone() {
        let plan = Planner(
            providers: [provider("p", [.style: [.hint], .lyrics: [.native(.any)]])],
            preference: []
        ).plan(
            request(nil) {
                $0.type = .music
                $0.style = "jazz"
                $0.lyrics = "la"
                $0.accept = .hint
            }
        )
        #expect(plan.chosen?.prompt == "in the style of jazz")
    }
}
