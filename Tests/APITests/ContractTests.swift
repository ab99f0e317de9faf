import HTTP
import HTTPServer
import JSON
import Sound
import Testing

@Suite("The contract")
struct ContractTests {
    /// Every route that the gateway has; a new one is written here and in `openapi/soundgate.yaml`.
    static let routes: Set = [
        "POST /v1/sounds", "GET /v1/sounds", "GET /v1/sounds/{id}", "DELETE /v1/sounds/{id}",
        "POST /v1/sounds/{id}/cancel", "GET /v1/sounds/{id}/audio/{index}", "POST /v1/plans",
        "GET /v1/providers",
        "GET /v1/providers/{name}", "GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.yaml",
        "GET /openapi.json",
        "GET /", "POST /v1/callbacks/{provider}/{token}", "POST /v1/callbacks/{provider}",
        "GET /v1/sounds/{id}/events", "GET /v1/webhooks", "POST /v1/webhooks/{id}/resend",
        "GET /v1/usage",
    ]

    private static func contract(_ house: House) async throws -> Contract {
        Contract(try await house.send(.get, "/openapi.json").json)
    }

    @Test("It names every route of the gateway, and no other")
    func namesRoutes() async throws {
        try await withHouse { house in
            let contract = try await Self.contract(house)
            #expect(contract.routes == Self.routes)
        }
    }

    @Test("The gateway has every route of the contract, with these methods alone")
    func servesRoutes() async throws {
        try await withHouse { house in
            let paths = Set(Self.routes.compactMap { $0.split(separator: " ").last.map(String.init) })
            for path in paths {
                var methods = Set(
                    Self.routes.filter { $0.hasSuffix(" \(path)") }.compactMap {
                        $0.split(separator: " ").first.map(String.init)
                    }
                )
                if methods.contains("GET") { methods.insert("HEAD") }
                let target = path.replacing(/\{[a-z]+\}/, with: "x")
                let answer = try await house.send(.options, target)
                #expect(answer.status == 204)
                #expect(answer.response.route == path)
                #expect(answer.fields["Allow"] == methods.union(["OPTIONS"]).sorted().joined(separator: ", "))
            }
        }
    }

    @Test("The YAML that is served is the file, and both forms are 304 to those who have them")
    func documents() async throws {
        try await withHouse { house in
            let yaml = try await house.send(.get, "/openapi.yaml")
            #expect(
                String(decoding: yaml.body, as: UTF8.self) == (try repositoryFile("openapi/soundgate.yaml"))
            )
            #expect(try await house.send(.get, "/openapi.json").json["openapi"] == "3.1.0")
            for path in ["/openapi.yaml", "/openapi.json", "/"] {
                let tag = try #require(try await house.send(.get, path).fields["ETag"])
                #expect(try await house.send(.get, path, fields: ["If-None-Match": tag]).status == 304)
            }
        }
    }

    @Test("Every example keeps to its schema")
    func examples() async throws {
        try await withHouse { house in
            let contract = try await Self.contract(house)
            var count = 0
            func visit(_ value: JSONValue, _ path: String) {
                if let schema = value["schema"] {
                    var examples = [value["example"]].compactMap { $0 }
                    for member in value["examples"]?.object ?? [:] {
                        let pointed = member.value["$ref"]?.string.flatMap(contract.checker.resolve)
                        examples += [(pointed ?? member.value)["value"]].compactMap { $0 }
                    }
                    count += examples.count
                    for example in examples {
                        #expect(contract.checker.violations(of: example, against: schema) == [], "\(path)")
                    }
                }
                for member in value.object ?? [:] { visit(member.value, "\(path).\(member.key)") }
            }
            visit(contract.document, "$")
            #expect(count > 15)
        }
    }

    private static func schemaViolations(_ text: String) async throws -> [String] {
        var violations: [String] = []
        try await withHouse { house in
            let checker = try await contract(house).checker
            let schema = try #require(checker.resolve("#/components/schemas/SoundRequest"))
            violations = checker.violations(of: try JSONValue(parsing: text), against: schema)
        }
        return violations
    }

    private static func isTaken(_ text: String) throws -> Bool {
        let json = try JSONValue(parsing: text)
        do throws(InvalidRequest) {
            _ = try SoundRequest(json, knownProviders: ["builtin", "suno"])
            return true
        } catch {
            return false
        }
    }

    @Test(
        "The request's schema takes what the reader takes",
        arguments: [
            #"{"prompt": "x"}"#, #"{"lyrics": "la", "style": "pop"}"#, #"{"prompt": "x", "bpm": 119.0}"#,
            #"{"prompt": "x", "webhook_url": "HTTP://127.0.0.1:9/h?x=1"}"#,
            #"{"prompt": "x", "webhook_url": "https://a.example"}"#,
            #"{"prompt": "x", "bpm": 300, "duration": 600, "variations": 10}"#,
            #"{"prompt": "x", "provider": ["suno", "builtin"], "model": "V5"}"#,
            #"{"prompt": "x", "seed": -9223372036854775808, "temporary": true}"#,
            #"{"prompt": "x", "max_cost": {"amount": 0, "unit": "credits"}, "accept": "hint"}"#,
            #"{"prompt": "x", "metadata": {"a": "b"}, "provider_options": {"suno": {}}}"#,
            #"{"prompt": null, "lyrics": "la", "style": "pop", "type": null, "loop": null, "bpm": null}"#,
            #"{"prompt": "x", "key": null, "duration": null, "variations": null, "gender": null, "voice": null}"#,
            #"{"prompt": "x", "format": null, "provider": null, "model": null, "accept": null, "seed": null}"#,
            #"{"prompt": "x", "max_cost": null, "deadline": null, "webhook_url": null, "metadata": null}"#,
            #"{"prompt": "x", "provider_options": null, "negative_prompt": null, "prompt_influence": null}"#,
            #"{"prompt": "x", "instrumental": null, "vocals_only": null, "temporary": null, "timed_lyrics": null}"#,
            #"{"prompt": "x", "type": "music", "gender": "neutral", "voice": "v", "key": "any"}"#,
            #"{"prompt": "x", "timed_lyrics": false, "prompt_influence": 1, "negative_prompt": "y"}"#,
        ]
    )
    func takes(text: String) async throws {
        #expect(try Self.isTaken(text))
        #expect(try await Self.schemaViolations(text) == [])
    }

    /// What no schema says: the keys that there are, which fields exclude each other, who is configured.
    private static let beyondSchema: Set = [
        "key unknown_value", "lyrics conflict", "vocals_only conflict", "provider unknown_value",
        "provider_options.nobody unknown_value",
    ]

    @Test(
        "The request's schema refuses what the reader refuses, as far as a schema can say it",
        arguments: [
            #"{"lyrics": "la"}"#, #"{"prompt": null, "style": "pop"}"#,
            #"{"prompt": null, "lyrics": null, "style": "pop"}"#,
            #"{"prompt": "x", "max_cost": {"amount": -1, "unit": "credits"}}"#,
            #"{"prompt": "x", "max_cost": {"amount": 1, "unit": "credits", "per": 1}}"#,
            #"{"prompt": "x", "provider_options": {"suno": 1}}"#,
            #"{"prompt": "x", "prompt_influence": 1.01}"#,
        ] + RefusalTests.bodies.filter { !beyondSchema.isSuperset(of: $0.errors) }.compactMap(\.json)
    )
    func refuses(text: String) async throws {
        #expect(try !Self.isTaken(text))
        #expect(try await Self.schemaViolations(text) != [])
    }

    @Test("Every field of the vocabulary stands in the schema")
    func fields() async throws {
        try await withHouse { house in
            let contract = try await Self.contract(house)
            let schema = contract.checker.resolve("#/components/schemas/SoundRequest")
            let names = (schema?["properties"]?.object ?? [:]).map(\.key)
            #expect(Set(names) == Set(RequestField.allCases.map(\.rawValue)))
        }
    }
}

@Suite("The schema checker can say no")
struct SchemaCheckerTests {
    @Test(
        "Each keyword",
        arguments: [
            (#"{"type": "integer"}"#, "1.5"), (#"{"type": ["string", "null"]}"#, "1"),
            (#"{"const": "a"}"#, #""b""#),
            (#"{"enum": ["a"]}"#, #""b""#), (#"{"required": ["a"]}"#, "{}"),
            (#"{"properties": {"a": {"type": "string"}}}"#, #"{"a": 1}"#),
            (#"{"additionalProperties": false}"#, #"{"a": 1}"#),
            (#"{"additionalProperties": {"type": "string"}}"#, #"{"a": 1}"#),
            (#"{"propertyNames": {"maxLength": 1}}"#, #"{"ab": 1}"#),
            (#"{"items": {"type": "string"}}"#, "[1]"),
            (#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#, "1"),
            (#"{"not": {"type": "string"}}"#, #""a""#),
            (#"{"if": {"type": "string"}, "then": {"minLength": 2}}"#, #""a""#),
            (#"{"if": {"type": "string"}, "else": {"minimum": 2}}"#, "1"),
            (#"{"oneOf": [{"type": "integer"}, {"type": "number"}]}"#, "1"), (#"{"minimum": 1}"#, "0"),
            (#"{"maximum": 1}"#, "2"), (#"{"minLength": 1}"#, #""""#), (#"{"maxLength": 1}"#, #""ab""#),
            (#"{"minItems": 1}"#, "[]"), (#"{"maxProperties": 0}"#, #"{"a": 1}"#),
            (#"{"pattern": "^a$"}"#, #""b""#),
            (##"{"$ref": "#/words"}"##, "1"), (##"{"$ref": "#/nothing"}"##, "1"),
            (#"{"neverHeardOf": 1}"#, "1"),
        ]
    )
    func refuses(schema: String, value: String) throws {
        let checker = SchemaChecker(document: ["words": ["type": "string"]])
        let (schema, value) = (try JSONValue(parsing: schema), try JSONValue(parsing: value))
        #expect(!checker.violations(of: value, against: schema).isEmpty)
    }
}
