import Crypto
import HTTP
import JSON
import Providers
import Sound
import Testing

@Suite("VideoGen's events")
struct VideoGenEventTests {
    private static let secret = "whsec_c2VjcmV0IGtleQ=="

    /// What a rightly signed body says.
    private func news(_ body: String) throws -> CallbackNews {
        let reader = try #require(VideoGen.provider.callbacks.reader)
        let key = try #require(Base64.standard.decode(String(Self.secret.dropFirst(6))))
        let code = HMACSHA256.authenticate(Array("msg_1.1767225600.\(body)".utf8), key: key)
        let fields: Fields = [
            "webhook-id": "msg_1", "webhook-timestamp": "1767225600",
            "webhook-signature": "v1,\(Base64.standard.encode(code.bytes))",
        ]
        return reader.news(
            in: CallbackMessage(fields: fields, body: Array(body.utf8)),
            secret: Secret(Self.secret),
            now: Moment(milliseconds: 1_767_225_600_000)
        )
    }

    @Test("a success brings its files, hydrated or not")
    func succeeded() throws {
        let file =
            #"{"fileId":"f1","displayName":"Door","downloadSource":{"status":"ready","url":"https://c.example/d"}}"#
        let body =
            #"{"event":"tool_execution.succeeded","toolExecutionId":"e1","occurredAt":1767225600,"toolType":"X","#
            + #""results":[{"fileId":"f1","type":"AUDIO","file":\#(file)},{"fileId":"f2","type":"AUDIO"}]}"#
        #expect(
            try news(body)
                == .proven(
                    job: "e1",
                    Observation(
                        .succeeded,
                        progress: 1,
                        results: [
                            RemoteResult(key: "f1", url: "https://c.example/d", title: "Door"),
                            RemoteResult(key: "f2", url: nil),
                        ]
                    )
                )
        )
    }

    @Test("a success without files is worth a poll, and no more")
    func bareSuccess() throws {
        for results in ["", #","results":null"#, #","results":[]"#, #","results":[{"type":"AUDIO"}]"#] {
            #expect(
                try news(#"{"event":"tool_execution.succeeded","toolExecutionId":"e1"\#(results)}"#)
                    == .hint(job: "e1")
            )
        }
    }

    @Test(
        "a failure and a cancellation end the job",
        arguments: [
            (
                #"{"event":"tool_execution.failed","toolExecutionId":"e1","error":{"message":"rain","code":"E7"}}"#,
                Failure.Code.providerFailed, "E7"
            ),
            (
                #"{"event":"tool_execution.failed","toolExecutionId":"e1","error":{"requirement":{"type":"upgrade_plan"}}}"#,
                .insufficientCredits, "upgrade_plan"
            ),
            (#"{"event":"tool_execution.cancelled","toolExecutionId":"e1"}"#, .canceled, "cancelled"),
        ]
    )
    func ends(_ body: String, _ code: Failure.Code, _ word: String) throws {
        guard case .proven("e1", let observation) = try news(body),
            case .failed(let failure) = observation.state
        else {
            Issue.record("no end")
            return
        }
        #expect(failure.code == code)
        #expect(failure.origin != .caller)
        #expect(failure.providerCode == word)
        #expect(!"\(failure)".contains("rain"))
    }

    @Test(
        "everything else that the vendor sends is passed over",
        arguments: [
            "", "null", "[]", "{}", "not json", "\u{0}", #"{"event":7,"toolExecutionId":"e1"}"#,
            #"{"event":"tool_execution.succeeded"}"#,
            #"{"event":"tool_execution.failed","toolExecutionId":""}"#,
            #"{"event":"tool_execution.failed","toolExecutionId":5}"#,
            #"{"event":"file.download_ready","fileId":"f1"}"#,
            #"{"event":"workflow_run.failed","toolExecutionId":"e1"}"#,
            #"{"event":"file.analysis_failed","toolExecutionId":"e1"}"#,
        ]
    )
    func irrelevant(_ body: String) throws {
        #expect(try news(body) == .irrelevant)
    }

    @Test("an event of an execution that no table has is worth a poll")
    func unknownEvent() throws {
        #expect(
            try news(#"{"event":"tool_execution.awaiting_approval","toolExecutionId":"e1"}"#)
                == .hint(job: "e1")
        )
    }

    // MARK: Registration

    private func endpoints() throws -> any WebhookRegistering {
        guard case .perAccount(_, let endpoints) = VideoGen.provider.callbacks else {
            throw NoEndpoints()
        }
        return endpoints
    }

    private struct NoEndpoints: Error {}

    private func registered(_ status: Int, _ body: String) throws -> Result<String, SubmitError> {
        let endpoints = try endpoints()
        let reply = UpstreamReply(status: status, body: Array(body.utf8))
        return Result { () throws(SubmitError) in
            let registration = try endpoints.registered(reply)
            return registration.secret.reveal { "\(registration.id) \($0)" }
        }
    }

    @Test("the address is registered for the ends of executions")
    func registration() throws {
        let call = try endpoints().registration(of: "https://gate.example/v1/callbacks/videogen")
        #expect(call.method == .post)
        #expect(call.path == "/v1/webhooks/endpoints")
        #expect(
            call.displayedBody == [
                "url": "https://gate.example/v1/callbacks/videogen",
                "events": [
                    "tool_execution.succeeded", "tool_execution.failed", "tool_execution.cancelled",
                ],
                "description": "soundgate",
            ]
        )
    }

    @Test("the secret is taken from the answer, and shown nowhere")
    func registrationAnswer() throws {
        let body = #"{"endpointId":"ep_1","signingSecret":"whsec_QUJD","signingSecretLast4":"QUJD"}"#
        #expect(try registered(201, body) == .success("ep_1 whsec_QUJD"))
        #expect(try registered(200, body) == .success("ep_1 whsec_QUJD"))
        let registration = WebhookRegistration(id: "ep_1", secret: Secret("whsec_QUJD"))
        #expect(!"\(registration)".contains("QUJD"))
    }

    @Test("an answer without a secret leaves it open whether the address is registered")
    func strangeAnswers() throws {
        for (status, body) in [
            (200, "{}"), (200, #"{"endpointId":"ep_1"}"#), (201, "<html>"), (500, #"{"message":"no"}"#),
            (403, "<html>"), (302, ""),
        ] {
            guard case .failure(.unknown) = try registered(status, body) else {
                Issue.record("\(status) \(body)")
                continue
            }
        }
        guard
            case .failure(.refused(let failure)) = try registered(
                401,
                #"{"message":"no","code":"invalid_api_key"}"#
            )
        else {
            Issue.record("not refused")
            return
        }
        #expect(failure.code == .providerAuth)
    }
}
