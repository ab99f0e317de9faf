import JSON
import Sound
import Testing

@Suite("Rules between fields")
struct RequestRulesTests {
    @Test(
        "a prompt is required unless lyrics and style are both given",
        arguments: [
            ("{}", ["prompt required"]), (#"{"prompt": null}"#, ["prompt required"]),
            (#"{"prompt": ""}"#, ["prompt required"]), (#"{"prompt": " \t\n"}"#, ["prompt required"]),
            (#"{"lyrics": "la"}"#, ["prompt required"]), (#"{"style": "jazz"}"#, ["prompt required"]),
            (#"{"lyrics": "la", "style": "jazz"}"#, []),
            (#"{"lyrics": "la", "style": " "}"#, ["style required"]),
            (#"{"prompt": 5}"#, ["prompt wrong_type"]),
        ]
    )
    func promptRule(_ text: String, _ expected: [String]) throws {
        #expect(try problems(text).map { "\($0.field) \($0.code.rawValue)" } == expected)
    }

    @Test(
        "a field of music makes the type music",
        arguments: [
            #""lyrics": "la""#, #""style": "jazz""#, #""instrumental": true"#, #""instrumental": false"#,
            #""vocals_only": true"#, #""gender": "male""#, #""voice": "v""#,
        ]
    )
    func musicalDefault(_ member: String) throws {
        #expect(try read(adding: member).type == .music)
    }

    @Test(
        "no other field does",
        arguments: [
            #""loop": true"#, #""bpm": 100"#, #""key": "C""#, #""negative_prompt": "x""#, #""lyrics": null"#,
            #""timed_lyrics": true"#,
        ]
    )
    func effectDefault(_ member: String) throws {
        #expect(try read(adding: member).type == .effect)
    }

    @Test(
        "an effect cannot have what only music has",
        arguments: [
            (#""lyrics": "la""#, ["lyrics conflict"]), (#""style": "x""#, ["style conflict"]),
            (#""gender": "male", "voice": "v""#, ["gender conflict", "voice conflict"]),
            (#""instrumental": true"#, ["instrumental conflict"]), (#""instrumental": false"#, []),
            (#""vocals_only": false"#, []),
        ]
    )
    func effectConflicts(_ members: String, _ expected: [String]) throws {
        #expect(try faults(adding: #""type": "effect", \#(members)"#) == expected)
    }

    @Test("instrumental and vocals_only exclude each other only when both are on")
    func voiceConflict() throws {
        #expect(
            try faults(adding: #""instrumental": true, "vocals_only": true"#) == ["vocals_only conflict"]
        )
        #expect(try faults(adding: #""instrumental": true, "vocals_only": false"#) == [])
        #expect(try faults(adding: #""instrumental": false, "vocals_only": true"#) == [])
    }

    @Test("a provider is one name or several, each once, and known")
    func providers() throws {
        #expect(try read(adding: #""provider": "a""#, known: ["a"]).providers == ["a"])
        #expect(
            try read(adding: #""provider": ["b", "a", "b"]"#, known: ["a", "b"]).providers == ["b", "a"]
        )
        let found = try problems(#"{"prompt": "x", "provider": "sunoap"}"#, known: ["sunoapi", "builtin"])
        #expect(found.map(\.code) == [.unknownValue])
        #expect(found.first?.message.contains("did you mean \"sunoapi\"?") == true)
        #expect(found.first?.message.contains("configured: sunoapi, builtin") == true)
    }

    @Test("options are objects under known providers")
    func options() throws {
        let known = ["a", "b"]
        #expect(try faults(adding: #""provider_options": {"a": {}}"#, known: known) == [])
        #expect(
            try faults(adding: #""provider_options": {"c": {}, "b": 1}"#, known: known)
                == ["provider_options.c unknown_value", "provider_options.b wrong_type"]
        )
    }

    @Test(
        "a most of the cost is an amount that is not negative and a unit",
        arguments: [
            (#"{"amount": 0, "unit": "credits"}"#, []), (#"{"amount": 0.5, "unit": "USD"}"#, []),
            (#"{"amount": -1, "unit": "credits"}"#, ["max_cost.amount out_of_range"]),
            (#"{"amount": 1, "unit": "credits", "units": 2}"#, ["max_cost.units unknown_field"]),
        ]
    )
    func cost(_ value: String, _ expected: [String]) throws {
        #expect(try faults(adding: #""max_cost": \#(value)"#) == expected)
    }

    @Test(
        "a webhook's address is an absolute http or https URL of at most 2048 characters",
        arguments: [
            ("https://example.com/hook", []), ("http://127.0.0.1:9/h?x=1&y=%20", []), ("HTTPS://[::1]/", []),
            ("https://example.com/" + String(repeating: "x", count: 2028), []),
            ("https://example.com/" + String(repeating: "x", count: 2029), ["too_long"]),
            ("example.com/hook", ["invalid"]), ("/hook", ["invalid"]), ("ftp://example.com/", ["invalid"]),
            ("https://user:pass@example.com/", ["invalid"]), ("https://example.com/#part", ["invalid"]),
            ("https://", ["invalid"]), ("https://exa mple.com/", ["invalid"]), (" ", ["required"]),
        ]
    )
    func webhook(_ url: String, _ expected: [String]) throws {
        #expect(try faults(adding: #""webhook_url": "\#(url)""#) == expected.map { "webhook_url \($0)" })
    }

    @Test("a webhook's address is kept as it came")
    func keptWebhook() throws {
        let request = try read(adding: #""webhook_url": "HTTPS://Example.com:443/Hook""#)
        #expect(request.webhookURL == "HTTPS://Example.com:443/Hook")
        #expect(try faults(adding: #""webhook_url": 5"#) == ["webhook_url wrong_type"])
        #expect(try read(adding: #""webhook_url": null"#).webhookURL == nil)
    }

    @Test("metadata has at most 16 entries of at most 40 and 500 characters")
    func metadataLimits() throws {
        func faults(_ entries: [(String, JSONValue)]) -> [String] {
            var map: JSONObject = [:]
            for (key, value) in entries { map[key] = value }
            do throws(InvalidRequest) {
                _ = try SoundRequest(["prompt": "x", "metadata": .object(map)], knownProviders: nil)
                return []
            } catch {
                return error.problems.map { "\($0.field) \($0.code.rawValue)" }
            }
        }
        let long = String(repeating: "é", count: 41)
        #expect(faults((0..<16).map { ("k\($0)", "v") }) == [])
        #expect(faults((0..<17).map { ("k\($0)", "v") }) == ["metadata too_many"])
        #expect(faults([(String(long.dropLast()), .string(String(repeating: "é", count: 500)))]) == [])
        #expect(faults([(long, "v")]) == ["metadata.\(long.dropLast()) too_long"])
        #expect(faults([("k", .string(String(repeating: "é", count: 501)))]) == ["metadata.k too_long"])
        #expect(faults([("k", 5)]) == ["metadata.k wrong_type"])
        #expect(faults([("k", .null)]) == ["metadata.k wrong_type"])
    }

    @Test("texts have a longest length in Unicode scalars")
    func longTexts() throws {
        func request(_ count: Int) -> JSONValue { ["prompt": .string(String(repeating: "x", count: count))] }
        #expect(throws: Never.self) { try SoundRequest(request(20_000), knownProviders: nil) }
        let error = #expect(throws: InvalidRequest.self) {
            try SoundRequest(request(20_001), knownProviders: nil)
        }
        #expect(error?.problems.map(\.code) == [.tooLong])
    }
}
