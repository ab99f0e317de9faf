import Sound
import Testing

@Suite("The vocabulary")
struct VocabularyTests {
    @Test("grades are ordered from hint to native")
    func grades() {
        #expect(Grade.allCases.sorted() == [.hint, .emulated, .native])
        #expect(SoundRequest.defaultAccept == .emulated)
    }

    @Test(
        "a limit admits what lies within and nothing else",
        arguments: [
            (Capabilities.Limit.any, RequestField.duration, true), (.integers(1...10), .bpm, false),
            (.integers(100...120), .bpm, true), (.integers(1...10), .duration, false),
            (.integers(1...10), .seed, false), (.numbers(0.5...2.5), .duration, true),
            (.numbers(3...4), .duration, false), (.choices(["Am"]), .key, true),
            (.choices(["A"]), .key, false),
            (.characters(4), .style, true), (.characters(3), .style, false), (.choices(["x"]), .voice, false),
        ]
    )
    func limits(_ limit: Capabilities.Limit, _ field: RequestField, _ admitted: Bool) {
        var request = SoundRequest(prompt: "x", type: .music)
        request.bpm = 110
        request.duration = 2.5
        request.key = MusicalKey("Am")
        request.style = "jazz"
        request.seed = .max
        #expect(limit.admits(field, of: request) == admitted)
    }

    @Test("a failure moves on only when another provider may do better")
    func movingOn() {
        let movers: Set<Failure.Code> = [
            .rateLimited, .providerUnavailable, .insufficientCredits, .providerAuth, .promptTooLong,
            .providerFailed,
        ]
        let all: [Failure.Code] = [
            .invalidRequest, .noProvider, .promptTooLong, .contentPolicy, .providerAuth, .insufficientCredits,
            .rateLimited, .providerUnavailable, .providerRejected, .providerFailed, .badResult,
            .deadlineExceeded, .acceptanceUnknown, .canceled, .internal,
        ]
        for code in all { #expect(Failure(code, "x").mayMoveOn == movers.contains(code), "\(code.rawValue)") }
    }

    @Test(
        "a failure says who has to act",
        arguments: [
            (Failure.Code.contentPolicy, Failure.Origin.caller), (.invalidRequest, .caller),
            (.canceled, .caller),
            (.providerAuth, .gateway), (.insufficientCredits, .gateway), (.internal, .gateway),
            (.providerFailed, .provider), (.badResult, .provider), (.acceptanceUnknown, .provider),
        ]
    )
    func origins(_ code: Failure.Code, _ origin: Failure.Origin) {
        #expect(Failure(code, "x").origin == origin)
    }

    @Test("a moment moves by whole milliseconds in both directions")
    func moments() {
        let moment = Moment(milliseconds: 1000)
        #expect(moment.advanced(by: .milliseconds(1500)).milliseconds == 2500)
        #expect(moment.advanced(by: .milliseconds(-1500)).milliseconds == -500)
        #expect(moment.advanced(by: .seconds(900)) > moment)
    }
}
