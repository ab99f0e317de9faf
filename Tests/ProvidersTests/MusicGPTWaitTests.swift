import HTTP
import Providers
import Sound
import Testing

@Suite("How long MusicGPT asks to wait")
struct MusicGPTWaitTests {
    private static let operations = ["sound", "music"]

    private func polled(_ name: String) throws -> PolledOperation {
        try #require(PolledOperation.all.first { $0.provider == "musicgpt" && $0.operation.name == name })
    }

    @Test(
        "a refusal for the pace says when to come back, by field or else in the body",
        arguments: operations,
        [
            ([:], #"{"success": false, "error": "slow", "retry_after": 12}"#, .seconds(12)),
            ([:], #"{"success": false, "error": "slow", "retry_after": "1.5"}"#, .milliseconds(1500)),
            (["Retry-After": "7"], #"{"success": false, "error": "slow", "retry_after": 12}"#, .seconds(7)),
            ([:], #"{"success": false, "error": "slow", "retry_after": -1}"#, nil),
            ([:], #"{"success": false, "error": "slow", "retry_after": "soon"}"#, nil),
            ([:], #"{"success": false, "error": "slow", "retry_after": 1e300}"#, .seconds(86_400)),
            ([:], #"{"success": false, "error": "slow"}"#, nil),
        ] as [(Fields, String, Duration?)]
    )
    func pace(_ operation: String, _ answer: (fields: Fields, body: String, wait: Duration?)) throws {
        let translator = try polled(operation).translator
        let reply = UpstreamReply(status: 429, fields: answer.fields, body: Array(answer.body.utf8))
        do throws(SubmitError) {
            _ = try translator.accepted(reply)
            Issue.record("429 is taken as a job")
        } catch {
            guard case .refused(let failure) = error else {
                Issue.record("429 is not taken as a refusal")
                return
            }
            #expect(failure.code == .rateLimited)
            #expect(failure.retryAfter == answer.wait)
            #expect(failure.retryable)
        }
    }

    @Test("other refusals name no time, whatever the body has", arguments: operations, [400, 401, 402, 422])
    func others(_ operation: String, _ status: Int) throws {
        let body = #"{"success": false, "error": "no", "retry_after": 12}"#
        guard case .failure(.refused(let failure)) = try polled(operation).accepted(status, body) else {
            Issue.record("\(status) is not taken as a refusal")
            return
        }
        #expect(failure.retryAfter == nil)
    }

    @Test(
        "an estimate of the time that says nothing is none",
        arguments: operations,
        [("84", .seconds(84)), ("0.5", .milliseconds(500)), ("0", nil), ("-1", nil), ("null", nil)]
            as [(String, Duration?)]
    )
    func eta(_ operation: String, _ estimate: (json: String, eta: Duration?)) throws {
        let body = #"{"success": true, "task_id": "t", "eta": \#(estimate.json)}"#
        #expect(try polled(operation).accepted(200, body).get().eta == estimate.eta)
    }
}
