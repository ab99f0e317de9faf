import Crypto
import HTTP
import JSON
import Telemetry

/// An address that the account wants its events sent to.
struct VideoGenEndpoint: Sendable {
    /// What an endpoint can ask for (documented); the double sends the first three.
    static let events = [
        "tool_execution.succeeded", "tool_execution.failed", "tool_execution.cancelled",
        "workflow_run.succeeded", "workflow_run.failed", "workflow_run.cancelled", "file.upload.completed",
        "file.upload.failed", "file.playback_ready", "file.download_ready", "file.analysis_completed",
        "file.analysis_failed",
    ]

    let id: String
    let url: String
    let events: [String]
    let description: String?
    let date: Timestamp
    private let key: [UInt8]

    /// Reads a body; the address is `https`, or one of this machine.
    init(_ call: VendorCall, date: Timestamp) throws(VideoGenRefusal) {
        let body = try VideoGenRequest.object(call)
        guard let text = try body.read("url", "a string", { $0.string }) else {
            throw .invalid("url is required")
        }
        guard let url = HTTPURL(text), url.scheme == .https || VideoGenEndpoint.isLoopback(url.host) else {
            throw .invalid("url must be an https address")
        }
        let names = try body.read("events", "an array of strings") { value in
            value.array.flatMap { names in
                let strings = names.compactMap(\.string)
                return strings.count == names.count ? strings : nil
            }
        }
        guard let names, !names.isEmpty else { throw .invalid("events is required") }
        if let stranger = names.first(where: { !VideoGenEndpoint.events.contains($0) }) {
            throw .invalid("there is no event \(stranger)")
        }
        id = "ep_\(Hex.encode(randomBytes(10)))"
        self.url = text
        events = names
        description = try body.read("description", "a string") { $0.string }
        self.date = date
        key = randomBytes(32)
    }

    private static func isLoopback(_ host: String) -> Bool {
        ["localhost", "::1", "[::1]"].contains(host) || host.hasPrefix("127.")
    }

    /// Shown once, when the endpoint is made.
    var secret: String { "whsec_\(Base64.standard.encode(key))" }

    /// The endpoint as it is listed.
    var json: JSONObject {
        [
            "endpointId": .string(id), "url": .string(url), "events": .array(events.map { .string($0) }),
            "description": JSONValue(orNull: description), "createdAt": .integer(date.milliseconds / 1000),
            "signingSecretLast4": .string(String(secret.suffix(4))),
        ]
    }

    /// The fields of one try in the form of Standard Webhooks: the signature covers id, date and body.
    func fields(message id: String, _ body: [UInt8], at date: Timestamp) -> Fields {
        let seconds = String(date.milliseconds / 1000)
        let code = HMACSHA256.authenticate(Array("\(id).\(seconds).".utf8) + body, key: key)
        return [
            "webhook-id": id, "webhook-timestamp": seconds,
            "webhook-signature": "v1,\(Base64.standard.encode(code.bytes))",
        ]
    }
}
