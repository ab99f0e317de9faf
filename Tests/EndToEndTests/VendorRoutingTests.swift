import HTTP
import JSON
import Testing

/// Where requests go that name no provider, when every vendor is there.
@Suite struct VendorRoutingTests {
    /// A request, and the operations that may get it.
    struct Way: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let request: JSONValue
        let operations: Set<String>
        var values: JSONObject = [:]
        let outputs: ClosedRange<Int>
    }

    /// 450 characters.
    private static let longPrompt = String(repeating: "rainstorm ", count: 44) + "in a gorge"

    private static let suno: Set = ["sunoapi/sounds", "apibox/sounds", "kie/sounds"]

    @Test(arguments: [
        Way(
            testDescription: "loop, tempo and key go to the Suno family",
            request: ["prompt": "techno pulse, 2 seconds long", "loop": true, "bpm": 120, "key": "Am"],
            operations: suno,
            values: ["soundLoop": true, "soundTempo": 120, "soundKey": "Am"],
            outputs: 1...2
        ),
        Way(
            testDescription: "two versions of music go to MusicAI",
            request: ["prompt": "calm piano", "type": "music", "variations": 2, "duration": 3],
            operations: ["musicgpt/music"],
            values: ["output_length": 3],
            outputs: 2...2
        ),
        Way(
            testDescription: "four takes of an effect go to VideoGen",
            request: ["prompt": "creaking door", "variations": 4, "duration": 1],
            operations: ["videogen/sound_effect"],
            values: ["numResults": 4, "durationSeconds": 1],
            outputs: 4...4
        ),
        Way(
            testDescription: "a long effect by the word goes to VideoGen or ElevenLabs",
            request: ["prompt": "creaking door", "duration": 25, "prompt_influence": 0.8],
            operations: ["videogen/sound_effect", "elevenlabs/sound_effect"],
            outputs: 1...1
        ),
        Way(
            testDescription: "a long prompt goes past MusicGPT",
            request: ["prompt": .string(longPrompt), "type": "effect"],
            operations: suno.union(["videogen/sound_effect", "elevenlabs/sound_effect"]),
            outputs: 1...2
        ),
    ])
    func whatThePlanSaysIsWhatIsDone(_ way: Way) async throws {
        try await withEveryVendor { gateway, doubles, _ in
            let plan = try await gateway.post("/v1/plans", way.request)
            #expect(plan.status == 200)
            #expect(try await doubles.calls().isEmpty, "a plan sends nothing")
            let (chosen, candidates) = try #require(Self.read(plan.json))
            #expect(way.operations.contains(chosen))
            let candidate = try #require(candidates[chosen])
            #expect(candidate["eligible"] == true)

            let task = try await gateway.sound(way.request)
            #expect(task["status"] == "succeeded", "\(task)")
            #expect(Self.operation(task) == chosen)
            #expect(task["fulfilment"] == candidate["fulfilment"])
            #expect(task["model"] == candidate["model"])
            #expect(way.outputs.contains(task["outputs"]?.array?.count ?? 0))
            #expect(task["attempts"]?.array?.count == 1)

            let calls = try await doubles.calls("operation=create")
            #expect(calls.count == 1, "one call")
            let call = try #require(calls.first)
            #expect(Self.withoutToken(call["body"]) == candidate["upstream_request"]?["body"])
            let url = try #require(candidate["upstream_request"]?["url"]?.string)
            #expect(url.hasPrefix(doubles.address + (call["path"]?.string ?? "?")))
            #expect(call["body"]?.holds(way.values) == true, "\(call)")
        }
    }

    /// A request that nobody can take, and the reason that some operation must give.
    struct DeadEnd: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let request: JSONValue
        let operation: String
        let field: String
        let code: String
    }

    @Test(arguments: [
        DeadEnd(
            testDescription: "a prompt beyond the limit of the provider that is named",
            request: ["prompt": .string(longPrompt), "type": "effect", "provider": "musicgpt"],
            operation: "musicgpt/sound",
            field: "prompt",
            code: "prompt_too_long"
        ),
        DeadEnd(
            testDescription: "tempo and length, both by parameter",
            request: ["prompt": "techno", "bpm": 120, "duration": 10, "accept": "native"],
            operation: "sunoapi/sounds",
            field: "duration",
            code: "weaker_than_accepted"
        ),
        DeadEnd(
            testDescription: "a model that the host does not have",
            request: ["prompt": "techno", "model": "V5_5", "provider": "apibox"],
            operation: "apibox/sounds",
            field: "model",
            code: "unknown_model"
        ),
    ])
    func whatNobodyCanTakeIsRefusedByEveryCandidateAndSentToNone(_ end: DeadEnd) async throws {
        try await withEveryVendor { gateway, doubles, _ in
            let plan = try await gateway.post("/v1/plans", end.request)
            #expect(plan.status == 200)
            #expect(plan.json["chosen"] == .null)
            let refusal = try await gateway.post("/v1/sounds", end.request)
            #expect(refusal.status == 422)
            #expect(refusal.json["code"] == "no_provider")
            #expect(refusal.json["candidates"] == plan.json["candidates"])
            let candidates = try #require(refusal.json["candidates"]?.array)
            // Two of MusicGPT and of ElevenLabs, one of each other vendor.
            #expect(candidates.count == 8)
            for candidate in candidates {
                #expect(candidate["eligible"] == false)
                #expect(candidate["refusals"]?.array?.isEmpty == false, "\(Self.operation(candidate))")
            }
            let named = try #require(candidates.first { Self.operation($0) == end.operation })
            let reasons = (named["refusals"]?.array ?? []).filter { $0["field"]?.string == end.field }
            #expect(reasons.compactMap { $0["code"]?.string } == [end.code], "\(named)")
            #expect(try await doubles.calls().isEmpty)
        }
    }

    // MARK: Reading

    private static func operation(_ json: JSONValue) -> String {
        "\(json["provider"]?.string ?? "")/\(json["operation"]?.string ?? "")"
    }

    private static func read(_ plan: JSONValue) -> (chosen: String, candidates: [String: JSONValue])? {
        guard let chosen = plan["chosen"], let list = plan["candidates"]?.array else { return nil }
        return (operation(chosen), Dictionary(list.map { (operation($0), $0) }) { first, _ in first })
    }

    /// A create's body with what a plan cannot know: the token of its callback address.
    private static func withoutToken(_ body: JSONValue?) -> JSONValue? {
        guard var object = body?.object else { return body }
        for name in ["callBackUrl", "webhook_url"] {
            guard let url = object[name]?.string, let slash = url.lastIndex(of: "/") else { continue }
            object[name] = .string("\(url[...slash]){token}")
        }
        return .object(object)
    }
}
