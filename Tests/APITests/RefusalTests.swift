import API
import HTTP
import JSON
import Testing

@Suite("Refusals are problem documents")
struct RefusalTests {
    struct Refused: Sendable, CustomTestStringConvertible {
        let method: HTTP.Method
        let target: String
        var json: String?
        var fields: [String: String] = [:]
        let status: Int
        let code: String
        var errors: [String] = []

        var testDescription: String { "\(method) \(target) \(json ?? "") \(fields)" }

        static func create(_ json: String, _ errors: String...) -> Refused {
            Refused(
                method: .post,
                target: "/v1/sounds",
                json: json,
                status: 422,
                code: "invalid_request",
                errors: errors
            )
        }

        static func list(_ query: String, _ errors: String...) -> Refused {
            Refused(
                method: .get,
                target: "/v1/sounds?\(query)",
                status: 422,
                code: "invalid_request",
                errors: errors
            )
        }
    }

    static let bodies: [Refused] = [
        .create("[]", " wrong_type"),
        .create("{}", "prompt required"),
        .create(#"{"prompt": null}"#, "prompt required"),
        .create(#"{"prompt": "   "}"#, "prompt required"),
        .create(#"{"prompt": 5}"#, "prompt wrong_type"),
        .create(#"{"prompt": "x", "lop": true}"#, "lop unknown_field"),
        .create(#"{"prompt": "x", "loop": 1}"#, "loop wrong_type"),
        .create(#"{"prompt": "x", "bpm": 301}"#, "bpm out_of_range"),
        .create(#"{"prompt": "x", "bpm": 90.5}"#, "bpm wrong_type"),
        .create(#"{"prompt": "x", "key": "H"}"#, "key unknown_value"),
        .create(#"{"prompt": "x", "duration": 0.4}"#, "duration out_of_range"),
        .create(#"{"prompt": "x", "variations": 0}"#, "variations out_of_range"),
        .create(#"{"prompt": "x", "format": "aiff"}"#, "format unknown_value"),
        .create(#"{"prompt": "x", "accept": "anything"}"#, "accept unknown_value"),
        .create(#"{"prompt": "x", "type": "effect", "lyrics": "la"}"#, "lyrics conflict"),
        .create(#"{"prompt": "x", "instrumental": true, "vocals_only": true}"#, "vocals_only conflict"),
        .create(#"{"prompt": "x", "provider": "bultin"}"#, "provider unknown_value"),
        .create(#"{"prompt": "x", "provider": []}"#, "provider wrong_type"),
        .create(#"{"prompt": "x", "max_cost": 5}"#, "max_cost wrong_type"),
        .create(#"{"prompt": "x", "deadline": 0}"#, "deadline out_of_range"),
        .create(#"{"prompt": "x", "webhook_url": "a.example/hook"}"#, "webhook_url invalid"),
        .create(#"{"prompt": "x", "webhook_url": ["https://a.example"]}"#, "webhook_url wrong_type"),
        .create(#"{"prompt": "x", "metadata": {"a": 1}}"#, "metadata.a wrong_type"),
        .create(
            #"{"prompt": "x", "provider_options": {"nobody": {}}}"#,
            "provider_options.nobody unknown_value"
        ),
        .create(
            #"{"lop": true, "bpm": 900, "key": "H"}"#,
            "lop unknown_field",
            "bpm out_of_range",
            "key unknown_value",
            "prompt required"
        ),
    ]

    static let others: [Refused] = [
        .list("status=done", "status unknown_value"),
        .list("type=song", "type unknown_value"),
        .list("limit=0", "limit out_of_range"),
        .list("limit=101", "limit out_of_range"),
        .list("limit=many", "limit out_of_range"),
        .list("cursor=5", "cursor invalid"),
        .list("cursor=snd_", "cursor invalid"),
        .list("cursor=snd_%C3%8A", "cursor invalid"),
        .list("cursor=snd_\(String(repeating: "0", count: 61))", "cursor invalid"),
        .list("provider=", "provider invalid"),
        .list("provider=-", "provider invalid"),
        .list("provider=Suno", "provider invalid"),
        .list("provider=\(String(repeating: "a", count: 65))", "provider invalid"),
        .list("limit=5&type=music&limit=6", "limit invalid"),
        .list("stauts=failed&limit=0", "stauts unknown_field", "limit out_of_range"),
        Refused(method: .post, target: "/v1/sounds", status: 400, code: "malformed_json"),
        Refused(method: .post, target: "/v1/sounds", json: "{", status: 400, code: "malformed_json"),
        Refused(method: .post, target: "/v1/plans", json: "rain", status: 400, code: "malformed_json"),
        Refused(
            method: .post,
            target: "/v1/sounds",
            json: "{}",
            fields: ["Content-Type": "text/plain"],
            status: 415,
            code: "unsupported_media_type"
        ),
        Refused(
            method: .post,
            target: "/v1/sounds",
            json: String(repeating: " ", count: 70_000),
            status: 413,
            code: "body_too_large"
        ),
        Refused(
            method: .post,
            target: "/v1/sounds",
            json: #"{"prompt": "x"}"#,
            fields: ["Idempotency-Key": ""],
            status: 422,
            code: "invalid_request",
            errors: ["Idempotency-Key out_of_range"]
        ),
        Refused(method: .get, target: "/v1/sounds/snd_nothing", status: 404, code: "not_found"),
        Refused(method: .delete, target: "/v1/sounds/nothing", status: 404, code: "not_found"),
        Refused(method: .post, target: "/v1/sounds/snd_nothing/cancel", status: 404, code: "not_found"),
        Refused(method: .get, target: "/v1/sounds/snd_nothing/audio/0", status: 404, code: "not_found"),
        Refused(method: .get, target: "/v1/providers/nobody", status: 404, code: "not_found"),
        Refused(method: .get, target: "/v1/nothing", status: 404, code: "not_found"),
        Refused(method: .put, target: "/v1/sounds", json: "{}", status: 405, code: "method_not_allowed"),
        Refused(method: .query, target: "/v1/sounds", json: "{}", status: 405, code: "method_not_allowed"),
        Refused(method: .delete, target: "/healthz", status: 405, code: "method_not_allowed"),
    ]

    @Test("Each with its status, code and fields", arguments: bodies + others)
    func refused(_ expected: Refused) async throws {
        try await withHouse { house in
            let answer = try await house.send(
                expected.method,
                expected.target,
                expected.json,
                fields: Fields(expected.fields.map { ($0.key, $0.value) })
            )
            #expect(answer.status == expected.status)
            #expect(answer.code == expected.code)
            #expect(Set(answer.errors) == Set(expected.errors))
            #expect(answer.fields["Content-Type"] == "application/problem+json")
            #expect(answer.json["status"]?.integer == Int64(expected.status))
            #expect(answer.json["request_id"]?.string == answer.fields["X-Request-Id"])
            #expect((answer.status == 405) == (answer.fields["Allow"] != nil))
            #expect(try await house.send(.get, "/v1/sounds").json["data"] == [])
        }
    }

    @Test("A plan refuses what a create refuses", arguments: bodies)
    func plansRefuse(_ expected: Refused) async throws {
        try await withHouse { house in
            let answer = try await house.send(.post, "/v1/plans", expected.json)
            #expect(answer.status == 422)
            #expect(Set(answer.errors) == Set(expected.errors))
        }
    }

    @Test("A misspelt field is met with a hint")
    func hints() async throws {
        try await withHouse { house in
            let answer = try await house.send(.post, "/v1/sounds", #"{"prompt": "x", "lop": true}"#)
            #expect(answer.json["detail"]?.string?.contains("loop") == true)
        }
    }

    @Test("While draining, new work and /readyz get 503 with Retry-After; reading goes on")
    func draining() async throws {
        try await withHouse { house in
            let task = try await house.sound()
            #expect(try await house.send(.get, "/readyz").status == 200)
            house.gateway.beginDraining()
            for (method, target) in [(HTTP.Method.get, "/readyz"), (.post, "/v1/sounds")] {
                let answer = try await house.send(method, target, method == .post ? #"{"prompt": "x"}"# : nil)
                #expect(answer.status == 503)
                #expect(answer.code == "draining")
                #expect(answer.fields["Retry-After"] != nil)
            }
            #expect(try await house.send(.get, "/healthz").status == 200)
            #expect(try await house.send(.get, "/v1/sounds/\(task.id)").status == 200)
        }
    }
}
