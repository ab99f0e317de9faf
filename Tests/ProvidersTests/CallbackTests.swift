import Crypto
import HTTP
import JSON
import Providers
import Sound
import Testing

/// A reader of what a vendor posts to us.
struct CallbackReader: Sendable, CustomTestStringConvertible {
    let provider: String
    let reader: any CallbackReading

    var testDescription: String { provider }

    static let all: [CallbackReader] = catalog.compactMap { descriptor in
        descriptor.callbacks.reader.map { CallbackReader(provider: descriptor.id, reader: $0) }
    }

    /// The one of an adapter.
    init(_ provider: String) throws {
        let descriptor = try #require(catalog.first { $0.id == provider })
        self.init(provider: provider, reader: try #require(descriptor.callbacks.reader))
    }

    private init(provider: String, reader: any CallbackReading) {
        self.provider = provider
        self.reader = reader
    }

    /// What a message is taken for.
    func news(
        _ body: String,
        _ fields: Fields = [:],
        secret: String? = nil,
        at seconds: Int64 = 1_767_225_600
    ) -> CallbackNews {
        let message = CallbackMessage(fields: fields, body: Array(body.utf8))
        let now = Moment(milliseconds: seconds * 1000)
        return reader.news(in: message, secret: secret.map { Secret($0) }, now: now)
    }
}

/// What every reader must keep to, whoever writes it.
@Suite("The contract of callback readers")
struct CallbackTests {
    static let oddBodies = [
        "", " ", "null", "true", "1", "\"a\"", "[]", "[1]", "{", "{}", "<html></html>", "\u{0}", "\u{FEFF}{}",
        #"{"data": null}"#, #"{"data": []}"#, #"{"data": {"task_id": 7}}"#, #"{"data": {"task_id": null}}"#,
        #"{"data": {"task_id": ""}}"#, #"{"task_id": []}"#, #"{"task_id": {"a": 1}}"#,
        #"{"taskId": true}"#,
        #"{"type": 3, "data": "x"}"#, #"{"code": "x", "msg": 5}"#, #"{"subtype": 1, "image_path": []}"#,
        #"{"success": "yes", "conversion_path": 9}"#, #"{"a": 1, "a": 2}"#,
        #"{"task_id": "a", "task_id": "b"}"#,
        String(repeating: "[", count: 5000), String(repeating: #"{"data":"#, count: 200),
        #"{"task_id": "\#(String(repeating: "x", count: 100_000))"}"#,
    ]

    @Test("nothing unsigned is proof, whatever it looks like", arguments: CallbackReader.all)
    func oddBodies(_ reader: CallbackReader) {
        for body in Self.oddBodies {
            for secret in [nil, "key", ""] {
                let news = reader.news(body, secret: secret)
                if case .proven = news { Issue.record("\(body.prefix(60)) is taken as proof") }
                #expect(news == reader.news(body, secret: secret), "told twice, it is not the same")
            }
        }
    }

    @Test("bytes that are not text are not proof either", arguments: CallbackReader.all)
    func bytes(_ reader: CallbackReader) {
        for byte in UInt8.min...UInt8.max {
            let message = CallbackMessage(fields: [:], body: [0x7B, byte, 0x22, byte, 0x7D])
            let news = reader.reader.news(in: message, secret: nil, now: Moment(milliseconds: 0))
            if case .proven = news { Issue.record("byte \(byte) is taken as proof") }
        }
    }

    @Test(
        "with a secret, an unsigned message is forged, and so are signatures of any odd form",
        arguments: CallbackReader.all.filter(\.reader.isSigned)
    )
    func oddSignatures(_ reader: CallbackReader) {
        let times = ["", "0", "-1", "x", "1767225600", "9223372036854775807", "-9223372036854775808", "1e9"]
        for body in Self.oddBodies + [#"{"data": {"task_id": "a1b2"}}"#] {
            for time in times {
                for signature in ["", "=", "v1,", "AAAA", String(repeating: "A", count: 43) + "="] {
                    let fields: Fields = [
                        "X-Webhook-Timestamp": time, "X-Webhook-Signature": signature, "Webhook-Id": "msg_1",
                        "Webhook-Timestamp": time, "Webhook-Signature": signature,
                    ]
                    guard case .forged = reader.news(body, fields, secret: "key") else {
                        Issue.record("\(body.prefix(60)) at \(time) by \(signature) is not taken as forged")
                        continue
                    }
                }
            }
            guard case .forged = reader.news(body, secret: "key") else {
                Issue.record("\(body.prefix(60)) without a signature is not taken as forged")
                continue
            }
        }
    }

    @Test("no secret and no body shows in what is wrong", arguments: CallbackReader.all)
    func secrecy(_ reader: CallbackReader) {
        let body = #"{"task_id": "sk-SECRET", "data": {"task_id": "sk-SECRET"}}"#
        for fields in [[:], ["X-Webhook-Timestamp": "SECRET", "X-Webhook-Signature": "SECRET"]] as [Fields] {
            guard case .forged(let words) = reader.news(body, fields, secret: "sk-SECRET") else { continue }
            #expect(!words.contains("SECRET"))
        }
    }
}
