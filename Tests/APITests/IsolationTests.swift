import Configuration
import Crypto
import HTTP
import JSON
import Sound
import Tasks
import Testing

/// What one client could try with what belongs to another.
@Suite("Walls between clients")
struct IsolationTests {
    private static let names = ["alice", "bob", "boss"]
    private static let clients = ClientAccess.listed(
        names.map { Client(name: $0, keySHA256: SHA256.hash("key-\($0)").hex, isAdmin: $0 == "boss") }
    )
    private static func key(_ name: String) -> Fields { ["Authorization": "Bearer key-\(name)"] }

    private static let prompt = "click of a secret door"
    private static let body =
        #"{"prompt": "\#(prompt)", "provider": "builtin", "webhook_url": "http://127.0.0.1:1/alices-hook"}"#

    /// What Alice has.
    private struct Belongings {
        /// A sound that is there, and one that is under way.
        let sounds: [String]
        let messages: [String]
        /// Whatever must stand in no answer to anybody else.
        let secrets: [String]
    }

    private static func belongings(in house: House) async throws -> Belongings {
        var fields = key("alice")
        fields["Idempotency-Key"] = "the-same-key"
        let done = try await house.sound(body, fields: fields)
        let running = try await house.endlessSound(fields: key("alice"))
        let shown = try await house.send(.get, "/v1/webhooks", fields: key("alice"))
        let messages = (shown.json["data"]?.array ?? []).compactMap { $0["id"]?.string }
        try #require(messages.count == 4)
        return Belongings(
            sounds: [done.id, running.id],
            messages: messages,
            secrets: [done.id, running.id, prompt, "alices-hook", "alice"] + messages
        )
    }

    /// How Bob tries a route of the gateway.
    ///
    /// Targets that name something of Alice's must be 404 to him, answers to those that name nothing must not tell of her.
    private enum Attempt {
        /// With `{}` in place of each of Alice's sounds, or of each of her messages.
        case sounds(String), messages(String)
        /// Answers about himself, or about nobody.
        case own([String], body: String? = nil)
    }

    private static let attempts: [String: Attempt] = [
        "POST /v1/sounds": .own(
            ["/v1/sounds"],
            body: body.replacing("alices-hook", with: "bobs-hook").replacing(prompt, with: "click")
        ),
        "GET /v1/sounds": .own([
            "/v1/sounds", "/v1/sounds?limit=100", "/v1/sounds?cursor=snd_zzzz", "/v1/sounds?provider=builtin",
            "/v1/sounds?status=succeeded", "/v1/sounds?type=effect",
        ]),
        "GET /v1/sounds/{id}": .sounds("/v1/sounds/{}"),
        "DELETE /v1/sounds/{id}": .sounds("/v1/sounds/{}"),
        "POST /v1/sounds/{id}/cancel": .sounds("/v1/sounds/{}/cancel"),
        "GET /v1/sounds/{id}/audio/{index}": .sounds("/v1/sounds/{}/audio/0"),
        "GET /v1/sounds/{id}/events": .sounds("/v1/sounds/{}/events"),
        "POST /v1/plans": .own(["/v1/plans"], body: #"{"prompt": "click"}"#),
        "GET /v1/providers": .own(["/v1/providers"]),
        "GET /v1/providers/{name}": .own(["/v1/providers/suno", "/v1/providers/builtin"]),
        "GET /v1/webhooks": .own([
            "/v1/webhooks", "/v1/webhooks?limit=100", "/v1/webhooks?state=pending",
            "/v1/webhooks?cursor=evt_zzzz",
        ]),
        "GET /v1/usage": .own([
            "/v1/usage", "/v1/usage?interval=total", "/v1/usage?format=csv", "/v1/usage?client=alice",
            "/v1/usage?client=", "/v1/usage?client=bob&interval=hour",
        ]),
        "POST /v1/webhooks/{id}/resend": .messages("/v1/webhooks/{}/resend"),
        // Whoever posts there is told that it was received, and nothing else.
        "POST /v1/callbacks/{provider}/{token}": .own(
            [
                "/v1/callbacks/suno/" + String(repeating: "0", count: 40)
            ],
            body: #"{"code": 200, "data": {"task_id": "job-1"}}"#
        ),
        "POST /v1/callbacks/{provider}": .own(["/v1/callbacks/suno"], body: "{}"),
        "GET /healthz": .own(["/healthz"]),
        "GET /readyz": .own(["/readyz"]),
        "GET /metrics": .own(["/metrics"]),
        "GET /openapi.yaml": .own([]), "GET /openapi.json": .own([]), "GET /": .own([]),
    ]

    @Test("The walk below takes every route of the gateway")
    func whole() { #expect(Set(Self.attempts.keys) == ContractTests.routes) }

    @Test("With another client's ids every route is 404, and no other answer tells of them")
    func walk() async throws {
        try await withHouse(clients: Self.clients) { house in
            let alices = try await Self.belongings(in: house)
            for (route, attempt) in Self.attempts.sorted(by: { $0.key < $1.key }) {
                let method = HTTP.Method(rawValue: String(route.prefix { $0 != " " }))
                switch attempt {
                case .sounds(let target):
                    try await Self.expectNothing(house, method, target, alices.sounds, instead: "snd_nobody")
                case .messages(let target):
                    try await Self.expectNothing(
                        house,
                        method,
                        target,
                        alices.messages,
                        instead: "evt_nobody"
                    )
                case .own(let targets, let body):
                    for target in targets {
                        var fields = Self.key("bob")
                        if route == "POST /v1/sounds" { fields["Idempotency-Key"] = "the-same-key" }
                        let answer = try await house.send(method, target, body, fields: fields)
                        Self.expectSilence(answer, alices.secrets, "\(method) \(target)")
                    }
                }
            }
            for query in [
                "/v1/sounds?cursor=\(alices.sounds[0])", "/v1/sounds?cursor=\(alices.sounds[1])",
                "/v1/webhooks?task=\(alices.sounds[0])", "/v1/webhooks?cursor=\(alices.messages[0])",
            ] {
                let answer = try await house.send(.get, query, fields: Self.key("bob"))
                #expect(answer.json["data"]?.array?.contains { $0["client"] == "alice" } == false)
                Self.expectSilence(answer, alices.secrets, query)
            }
            // All of it is still there, and hers.
            for id in alices.sounds {
                let shown = try await house.send(.get, "/v1/sounds/\(id)", fields: Self.key("alice"))
                #expect(shown.json["client"] == "alice")
                #expect(shown.json["status"] != "canceled")
                #expect(
                    try await house.send(.get, "/v1/sounds/\(id)", fields: Self.key("boss")).status == 200
                )
            }
        }
    }

    /// Every id of Alice's gets the answer that an id gets which nobody has.
    private static func expectNothing(
        _ house: House,
        _ method: HTTP.Method,
        _ target: String,
        _ ids: [String],
        instead nobodys: String
    ) async throws {
        let methods = method == .get ? [method, .head] : [method]
        for method in methods {
            let nothing = try await house.send(
                method,
                target.replacing("{}", with: nobodys),
                fields: key("bob")
            )
            #expect(nothing.status == 404)
            for id in ids {
                let answer = try await house.send(
                    method,
                    target.replacing("{}", with: id),
                    fields: key("bob")
                )
                #expect(answer.status == 404, "\(method) \(target)")
                #expect(answer.json["detail"] == nothing.json["detail"])
                #expect(answer.json["code"] == nothing.json["code"])
                #expect(Set(answer.fields.map(\.name)) == Set(nothing.fields.map(\.name)))
                expectSilence(answer, ids, "\(method) \(target)")
            }
        }
    }

    private static func expectSilence(_ answer: Answer, _ secrets: [String], _ what: String) {
        let text =
            String(decoding: answer.body, as: UTF8.self)
            + answer.fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
        for secret in secrets { #expect(!text.contains(secret), "\(what) tells \(secret)") }
    }

    @Test("Two clients may use one idempotency key, and get a sound each")
    func keys() async throws {
        try await withHouse(clients: Self.clients) { house in
            let alices = try await Self.belongings(in: house)
            var fields = Self.key("bob")
            fields["Idempotency-Key"] = "the-same-key"
            let bobs = try await house.sound(Self.body, fields: fields)
            #expect(!alices.sounds.contains(bobs.id))
            #expect(bobs.json["client"] == "bob")
            #expect(bobs.fields["Idempotency-Replayed"] == nil)
        }
    }

    @Test("The tokens that vendors call back with are shown to nobody, the owner and the admin included")
    func tokens() async throws {
        try await withHouse(clients: Self.clients, publicURL: "https://sounds.test") { house in
            let task = try await house.endlessSound(fields: Self.key("alice"))
            var token: String?
            while token == nil {
                token = try await house.ledger.task(TaskID(rawValue: task.id))?.attempts.first?.callbackToken
                if token == nil { try await Task.sleep(for: .milliseconds(2)) }
            }
            let secret = try #require(token)
            for name in Self.names {
                for target in ["/v1/sounds", "/v1/sounds/\(task.id)", "/v1/providers", "/v1/webhooks"] {
                    let answer = try await house.send(.get, target, fields: Self.key(name))
                    Self.expectSilence(answer, [secret], "\(name) \(target)")
                }
            }
        }
    }
}
