import HTTP
import JSON
import Providers
import Routing
import Sound
import Testing

/// The vendor of docs/add-a-vendor.md through the gateway's own planner, engine and ledger.
@Suite struct LarkspurTests {
    private static let rain: SoundRequest = {
        var request = SoundRequest(prompt: "rain on a tin roof", type: .effect)
        request.duration = 4
        request.loop = true
        request.providers = ["larkspur"]
        return request
    }()

    @Test func aSoundIsOrderedAskedForAndKept() async throws {
        let double = LarkspurDouble()
        try await LarkspurHouse.with(double) { house in
            let task = try await house.make(Self.rain)
            #expect(task.status == .succeeded)
            #expect(double.bodies == [["text": "rain on a tin roof", "seconds": 4, "looping": true]])
            let output = try #require(task.outputs.first)
            #expect(output.asset?.duration == 1)
            #expect(task.attempts.first?.providerTaskID == "lk_1")
        }
    }

    @Test func itIsPlannedByWhatItSaysOfItself() async throws {
        try await LarkspurHouse.with(LarkspurDouble()) { house in
            var request = Self.rain
            request.providers = []
            let first = try #require(house.planner.plan(request).eligible.first)
            #expect(first.route.name == RouteName(provider: "larkspur", operation: "effects"))
            #expect(first.route.fulfilment == [.duration: .native, .loop: .native])
            #expect(first.route.estimatedCost == Cost.Amount(8, "credits"))
            // Nobody asks it for a tempo: it has no parameter for one.
            request.bpm = 90
            #expect(house.planner.plan(request).eligible.allSatisfy { $0.route.name.provider == "builtin" })
        }
    }

    @Test(arguments: [
        (401, "bad_key", Failure.Code.providerAuth), (402, "no_funds", .insufficientCredits),
        (422, "unsafe_text", .contentPolicy), (400, "bad_request", .providerRejected),
    ])
    func aRefusalIsOneOfOurs(_ status: Int, _ word: String, _ code: Failure.Code) async throws {
        let double = LarkspurDouble([.refuse(status, word)])
        try await LarkspurHouse.with(double) { house in
            let task = try await house.make(Self.rain)
            #expect(task.status == .failed)
            #expect(task.error?.code == code)
            #expect(double.bodies.count == 1)
        }
    }

    @Test func aLostAnswerIsNotSentAgain() async throws {
        let double = LarkspurDouble([.lose])
        try await LarkspurHouse.with(double) { house in
            let task = try await house.make(Self.rain, deadline: .seconds(1))
            #expect(task.error?.code == .acceptanceUnknown)
            #expect(double.bodies.count == 1)
        }
    }

    @Test(
        arguments: [
            (200, #"{"state":"waiting"}"#, "queued"), (200, #"{"state":"working","percent":40}"#, "running"),
            (200, #"{"state":"resting"}"#, "running"), (200, #"{"state":"done"}"#, "running"),
            (200, #"{"state":"error","reason":"x"}"#, "failed"), (200, "<html>", "transient"),
            (503, "", "transient"), (401, #"{"error":"bad_key"}"#, "unauthorized"), (404, "{}", "notFound"),
        ]
    )
    func aPollIsRead(_ status: Int, _ body: String, _ expected: String) {
        let reply = UpstreamReply(status: status, body: Array(body.utf8))
        do throws(PollError) {
            let state = try LarkspurEffects().observation(reply).state
            #expect("\(state)".hasPrefix(expected))
        } catch {
            #expect("\(error)".hasPrefix(expected))
        }
    }
}
