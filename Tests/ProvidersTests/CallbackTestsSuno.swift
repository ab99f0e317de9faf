import Crypto
import HTTP
import Providers
import Testing

@Suite("Callbacks of the Suno family")
struct SunoCallbackTests {
    private static let hosts = ["sunoapi", "apibox", "kie"]
    private static let complete = #"{"code": 200, "data": {"callbackType": "complete", "task_id": "a1b2"}}"#
    private static let now: Int64 = 1_767_225_600

    @Test(
        "without a secret each stage is a reason to ask and no more, wherever the job's id stands",
        arguments: hosts,
        [
            (#"{"code": 200, "data": {"callbackType": "text", "task_id": "a1b2", "data": []}}"#, "a1b2"),
            (#"{"code": 200, "data": {"callbackType": "first", "task_id": "a1b2", "data": [{}]}}"#, "a1b2"),
            (complete, "a1b2"),
            (#"{"code": 501, "data": {"callbackType": "error", "task_id": "a1b2", "data": null}}"#, "a1b2"),
            (#"{"code": 400, "data": {"callbackType": "failed", "task_id": "a1b2"}}"#, "a1b2"),
            (#"{"code": 200, "data": {"callbackType": "refined", "task_id": "a1b2"}}"#, "a1b2"),
            (#"{"code": 200, "data": {"taskId": "a1b2"}}"#, "a1b2"),
            (#"{"code": 200, "taskId": "a1b2"}"#, "a1b2"),
            (#"{"taskId": "", "data": {"taskId": 7, "task_id": "a1b2"}}"#, "a1b2"),
            (#"{"code": 531, "msg": "failed", "data": null}"#, nil),
            ("{}", nil),
        ] as [(String, String?)]
    )
    func stages(_ host: String, _ message: (body: String, job: String?)) throws {
        let reader = try CallbackReader(host)
        #expect(reader.news(message.body) == .hint(job: message.job))
        #expect(reader.news("not JSON") == .irrelevant)
    }

    @Test("only kie signs; a secret is of no use for the others", arguments: hosts)
    func signs(_ host: String) throws {
        let reader = try CallbackReader(host)
        #expect(reader.reader.isSigned == (host == "kie"))
        guard !reader.reader.isSigned else { return }
        #expect(reader.news(Self.complete, secret: "key") == .hint(job: "a1b2"))
    }

    /// The documented signature: base64(HMAC-SHA256(key, id.seconds)).
    private func fields(_ job: String, at seconds: Int64, key: String = "key") -> Fields {
        let code = HMACSHA256.authenticate(Array("\(job).\(seconds)".utf8), key: Array(key.utf8))
        return [
            "X-Webhook-Timestamp": "\(seconds)", "X-Webhook-Signature": Base64.standard.encode(code.bytes),
        ]
    }

    private func kie(_ body: String, _ fields: Fields) throws -> CallbackNews {
        try CallbackReader("kie").news(body, fields, secret: "key", at: Self.now)
    }

    @Test("a signature of kie is the documented one, worked out elsewhere")
    func knownSignature() throws {
        // printf 'a1b2.1767225600' | openssl dgst -sha256 -hmac key -binary | base64
        let fields: Fields = [
            "x-webhook-timestamp": "1767225600",
            "x-webhook-signature": "fmbVb64oskfVxRWjC1RARXjMPJQVb/58mxX4bYfCimM=",
        ]
        #expect(try kie(Self.complete, fields) == .hint(job: "a1b2"))
    }

    @Test("signed by kie it is still only a hint, for the body is not covered, and told twice it is the same")
    func signed() throws {
        let fields = fields("a1b2", at: Self.now)
        for _ in 0..<2 { #expect(try kie(Self.complete, fields) == .hint(job: "a1b2")) }
        let changed = #"{"taskId": "a1b2", "data": {"callbackType": "error", "task_id": "other"}}"#
        #expect(try kie(changed, fields) == .hint(job: "a1b2"))
    }

    @Test(
        "a signature holds for five minutes to either side",
        arguments: [(-301, false), (-300, true), (0, true), (300, true), (301, false), (-86_400, false)]
            as [(Int64, Bool)]
    )
    func window(_ age: Int64, _ holds: Bool) throws {
        let news = try kie(Self.complete, fields("a1b2", at: Self.now + age))
        if holds {
            #expect(news == .hint(job: "a1b2"))
        } else {
            #expect(news == .forged("the signature is too old, or from the future"))
        }
    }

    @Test("a signature by another key, of another job or another time, or cut short, is forged")
    func forged() throws {
        let good = fields("a1b2", at: Self.now)
        let signature = try #require(good["x-webhook-signature"])
        let wrong: [Fields] = [
            fields("a1b2", at: Self.now, key: "other"), fields("a1b2", at: Self.now, key: ""),
            fields("other", at: Self.now),
            ["X-Webhook-Timestamp": "\(Self.now + 1)", "X-Webhook-Signature": signature],
            ["X-Webhook-Timestamp": "\(Self.now)", "X-Webhook-Signature": String(signature.dropLast())],
            ["X-Webhook-Timestamp": "\(Self.now)", "X-Webhook-Signature": signature.lowercased()],
            ["X-Webhook-Timestamp": "\(Self.now)", "X-Webhook-Signature": "\(signature), \(signature)"],
        ]
        for fields in wrong { #expect(try kie(Self.complete, fields) == .forged("the signature is wrong")) }
        for missing in ["x-webhook-timestamp", "x-webhook-signature"] {
            var fields = good
            fields[missing] = nil
            #expect(try kie(Self.complete, fields) == .forged("the signature is missing"))
        }
        let nameless = #"{"code": 200, "data": null}"#
        guard case .forged = try kie(nameless, good) else {
            Issue.record("a signed message without a job is taken for something")
            return
        }
        guard case .forged = try kie(#"{"taskId": "other", "data": {"task_id": "a1b2"}}"#, good) else {
            Issue.record("the id that is acted on is not the one that was signed")
            return
        }
    }
}
