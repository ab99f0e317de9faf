import Crypto
import HTTP
import JSON
import Providers
import Sound
import Testing

/// Signed messages, against VideoGen's reader; the scheme is that of standardwebhooks.com.
@Suite("Signed messages")
struct StandardWebhookTests {
    private static let now: Int64 = 1_767_225_600
    private static let key = [UInt8](0..<24)
    private static let secret = "whsec_\(Base64.standard.encode(key))"
    private static let body = #"{"event":"tool_execution.failed","toolExecutionId":"vg_exec_1"}"#

    private func reader() throws -> any CallbackReading { try #require(VideoGen.provider.callbacks.reader) }

    private static func signature(
        _ body: String = body,
        id: String = "msg_1",
        timestamp: String = "\(now)",
        key: [UInt8] = key
    ) -> String {
        let code = HMACSHA256.authenticate(Array("\(id).\(timestamp).\(body)".utf8), key: key)
        return "v1,\(Base64.standard.encode(code.bytes))"
    }

    private func news(
        _ body: String = body,
        id: String? = "msg_1",
        timestamp: String? = "\(now)",
        signature: String? = signature(),
        secret: String? = secret,
        at now: Int64 = now
    ) throws -> CallbackNews {
        var fields = Fields()
        fields["Webhook-Id"] = id
        fields["webhook-timestamp"] = timestamp
        fields["WEBHOOK-SIGNATURE"] = signature
        return try reader().news(
            in: CallbackMessage(fields: fields, body: Array(body.utf8)),
            secret: secret.map { Secret($0) },
            now: Moment(milliseconds: now * 1000 + 999)
        )
    }

    private func isForged(_ news: CallbackNews) -> Bool {
        if case .forged = news { true } else { false }
    }

    private var failed: CallbackNews {
        .proven(
            job: "vg_exec_1",
            Observation(.failed(Failure(.providerFailed, "the provider could not make the sound")))
        )
    }

    @Test("the scheme's published example is believed, one bit beside it is not")
    func publishedExample() throws {
        // From the specification's reference libraries: the same key, id, time and body give this signature.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        let (id, time) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330")
        let body = #"{"test": 2432232314}"#
        let believed = try news(
            body,
            id: id,
            timestamp: time,
            signature: signature,
            secret: secret,
            at: 1_614_265_330
        )
        #expect(believed == .irrelevant)
        let changed = try news(
            #"{"test": 2432232315}"#,
            id: id,
            timestamp: time,
            signature: signature,
            secret: secret,
            at: 1_614_265_330
        )
        #expect(isForged(changed))
    }

    @Test("a signed message is the vendor's word, with the secret's prefix or without")
    func believed() throws {
        #expect(try news() == failed)
        #expect(try news(secret: Base64.standard.encode(Self.key)) == failed)
    }

    @Test("a message that is repeated within the window says the same again")
    func repeated() throws {
        for moment in [Self.now, Self.now + 1, Self.now + 300] { #expect(try news(at: moment) == failed) }
    }

    @Test("a message is believed for five minutes around its time", arguments: [-301, -300, 0, 300, 301])
    func window(_ age: Int64) throws {
        #expect(isForged(try news(at: Self.now + age)) == (abs(age) > 300))
    }

    @Test("one right signature among several is enough")
    func several() throws {
        let wrong = Self.signature(key: [9, 9, 9])
        let right = Self.signature()
        #expect(try news(signature: "\(wrong) \(right)") == failed)
        #expect(try news(signature: "v1a,abc v2,def \(right) \(wrong)") == failed)
        #expect(isForged(try news(signature: "\(wrong) \(wrong)")))
    }

    @Test(
        "what is not signed by the secret's holder is forged",
        arguments: [
            "", " ", "v1", "v1,", "v1,AAAA", "v2,\(code)", "v1a,\(code)", code, "v1, \(code)", "V1,\(code)",
            "v1,\(code.dropLast(1))", "v1,\(code)=", "v1,\(code.dropFirst(4))",
        ]
    )
    func wrongSignatures(_ signature: String) throws {
        #expect(isForged(try news(signature: signature)))
    }

    private static let code = String(signature().dropFirst(3))

    @Test("every signed part counts")
    func parts() throws {
        #expect(isForged(try news(Self.body + " ")))
        #expect(isForged(try news(id: "msg_2")))
        #expect(isForged(try news(timestamp: "\(Self.now + 1)")))
        #expect(isForged(try news(signature: Self.signature(key: Self.key.reversed()))))
    }

    @Test("a message without one of the three fields is forged")
    func missing() throws {
        #expect(isForged(try news(id: nil)))
        #expect(isForged(try news(id: "", signature: Self.signature(id: ""))))
        #expect(isForged(try news(timestamp: nil)))
        #expect(isForged(try news(signature: nil)))
    }

    @Test(
        "a time that is no plain number of seconds is forged, signed or not",
        arguments: [
            "", "now", "-\(now)", "+\(now)", "\(now).0", " \(now)", "\(now) ", "0x69", "1e9",
            "9223372036854775807", "99999999999999999999", "\(now)000", "１７６７２２５６００",
        ]
    )
    func times(_ timestamp: String) throws {
        let signature = Self.signature(timestamp: timestamp)
        #expect(isForged(try news(timestamp: timestamp, signature: signature)))
    }

    @Test(
        "without a usable secret everything is forged, even what an empty key signs",
        arguments: [nil, "", "whsec_", "whsec_not base 64", "whsec_QQ", "WHSEC_QUJD"] as [String?]
    )
    func secrets(_ secret: String?) throws {
        #expect(isForged(try news(secret: secret)))
        #expect(isForged(try news(signature: Self.signature(key: []), secret: secret)))
    }

    @Test("the reason names no secret and no signature")
    func reasons() throws {
        for secret in [Self.secret, "whsec_\(Self.code)!"] {
            guard case .forged(let reason) = try news(signature: "v1,AAAA", secret: secret) else {
                Issue.record("believed")
                continue
            }
            #expect(!reason.contains(Self.code) && !reason.contains("AAAA"))
        }
    }
}
