import JSON
import Providers
import Routing
import Sound
import Testing

@Suite("What goes to MusicGPT")
struct MusicGPTTests {
    private func plan(
        _ prompt: String? = "rain",
        publicURL: String? = nil,
        _ change: (inout SoundRequest) -> Void
    ) -> Plan {
        Planner(providers: everyProvider, preference: [], publicURL: publicURL).plan(request(prompt, change))
    }

    private func song(_ prompt: String? = "a song of rain", _ change: (inout SoundRequest) -> Void) -> Plan {
        plan(prompt) {
            $0.type = .music
            change(&$0)
        }
    }

    private func candidate(_ operation: String, in plan: Plan) throws -> Candidate {
        try #require(plan.candidates.first { "\($0.name)" == "musicgpt/\(operation)" })
    }

    private func body(_ candidate: Candidate) -> JSONObject { candidate.call?.displayedBody.object ?? [:] }

    @Test("two variations of music are MusicAI's own, in one call")
    func twoVariations() {
        let plan = song { $0.variations = 2 }
        #expect(plan.chosen.map { "\($0.name)" } == "musicgpt/music")
        #expect(plan.chosen?.fulfilment == [.variations: .native])
        #expect(plan.chosen?.route.shares(of: 2) == [2])
        #expect(plan.chosen?.estimatedCost == Cost.Amount(0.99, "credits"))
    }

    @Test(
        "other numbers of songs are picked out of a pair or made of several",
        arguments: [(1, [1]), (3, [2, 1]), (4, [2, 2]), (10, [2, 2, 2, 2, 2])]
    )
    func otherVariations(_ wanted: Int, _ shares: [Int?]) throws {
        let music = try candidate("music", in: song { $0.variations = wanted })
        #expect(music.fulfilment == [.variations: .emulated])
        #expect(music.route.shares(of: wanted) == shares)
        #expect(music.estimatedCost == Cost.Amount(0.99 * Double(shares.count), "credits"))
    }

    @Test("a sound comes alone; more are as many calls")
    func sounds() throws {
        let alone = try candidate("sound", in: plan { $0.variations = 1 })
        #expect(alone.fulfilment == [.variations: .native])
        let three = try candidate("sound", in: plan { $0.variations = 3 })
        #expect(three.fulfilment == [.variations: .emulated])
        #expect(three.route.shares(of: 3) == [1, 1, 1])
    }

    @Test("whole seconds are a parameter, anything else is words or refused")
    func durations() throws {
        for seconds in [1.0, 4, 30] {
            let sound = try candidate("sound", in: plan { $0.duration = seconds })
            #expect(sound.fulfilment == [.duration: .native])
            #expect(body(sound)["audio_length"]?.string == plain(seconds))
        }
        for seconds in [0.5, 4.5, 30.5, 31, 600] {
            let refused = try candidate("sound", in: plan { $0.duration = seconds })
            #expect(refused.refusals.map(\.code) == [.weakerThanAccepted])
            let sound = try candidate(
                "sound",
                in: plan {
                    $0.duration = seconds
                    $0.accept = .hint
                }
            )
            #expect(sound.fulfilment == [.duration: .hint])
            #expect(body(sound)["audio_length"] == nil)
            #expect(body(sound)["prompt"]?.string == "rain, \(plain(seconds)) seconds long")
        }
        let music = try candidate("music", in: song { $0.duration = 4.5 })
        #expect(music.fulfilment == [.duration: .native])
        #expect(body(music)["output_length"]?.double == 4.5)
    }

    @Test("a prompt of more than 300 characters never goes there, hints counted", arguments: [300, 301, 450])
    func promptLimit(_ length: Int) throws {
        let prompt = String(repeating: "é", count: length)
        for (operation, type) in [("sound", SoundType.effect), ("music", .music)] {
            let plain = try candidate(operation, in: plan(prompt) { $0.type = type })
            #expect(plain.refusals.map(\.code) == (length > 300 ? [.promptTooLong] : []))
            let folded = plan(String(prompt.dropLast(5))) {
                $0.type = type
                $0.bpm = 120
                $0.accept = .hint
            }
            #expect(try candidate(operation, in: folded).refusals.map(\.code) == [.promptTooLong])
        }
        let chosen = plan(prompt) { _ in }.chosen?.name.provider
        #expect((chosen == "musicgpt") == (length <= 300))
    }

    @Test("nothing there loops, and a seed, an influence or a model has no parameter")
    func lacks() throws {
        for (operation, type) in [("sound", SoundType.effect), ("music", .music)] {
            let candidate = try candidate(
                operation,
                in: plan {
                    $0.type = type
                    $0.loop = true
                    $0.seed = 1
                    $0.promptInfluence = 0.5
                    $0.temporary = true
                    $0.model = "v6"
                    $0.accept = .hint
                }
            )
            #expect(
                candidate.refusals.map(\.field)
                    == ["loop", "prompt_influence", "seed", "temporary", "model"]
            )
        }
    }

    @Test("loop, tempo and key together go to the Suno family")
    func loops() {
        let plan = plan {
            $0.loop = true
            $0.bpm = 120
            $0.key = MusicalKey("Am")
        }
        #expect(
            plan.eligible.map(\.name.provider).filter { $0 != "builtin" } == ["sunoapi", "apibox", "kie"]
        )
    }

    @Test("lyrics and a style need no prompt, and go nowhere else natively")
    func customMode() {
        let plan = song(nil) {
            $0.lyrics = "la"
            $0.style = "Lo-fi"
            $0.accept = .native
        }
        #expect(plan.chosen.map { "\($0.name)" } == "musicgpt/music")
        #expect(plan.chosen.map(body) == ["lyrics": "la", "music_style": "Lo-fi"])
    }

    @Test("mp3 and wav are there as they are, others are made of them")
    func formats() throws {
        for format in SoundFormat.allCases {
            let sound = try candidate("sound", in: plan { $0.format = format })
            #expect(sound.fulfilment == [.format: format == .mp3 || format == .wav ? .native : .emulated])
        }
    }

    @Test("where the gateway can be reached, the plan shows the address that the vendor would call")
    func callbacks() throws {
        let sound = try candidate("sound", in: plan(publicURL: "https://s.example") { _ in })
        #expect(body(sound)["webhook_url"] == "https://s.example/v1/callbacks/musicgpt/{token}")
        #expect(body(try candidate("sound", in: plan { _ in }))["webhook_url"] == nil)
    }
}
