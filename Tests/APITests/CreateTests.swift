import AudioFile
import HTTP
import JSON
import Testing

@Suite("Create, wait, fetch")
struct CreateTests {
    @Test("A create with a wait gives the ended task; its audio has the asked length")
    func waits() async throws {
        try await withHouse { house in
            let answer = try await house.send(
                .post,
                "/v1/sounds",
                #"{"prompt": "soft rain", "loop": true, "duration": 1.5, "metadata": {"scene": "forest"}}"#,
                fields: ["Prefer": "wait=60"]
            )
            #expect(answer.status == 200)
            #expect(answer.fields["Preference-Applied"] == "wait=60")
            #expect(answer.fields["Location"] == "/v1/sounds/\(answer.id)")
            #expect(answer.json["status"] == "succeeded")
            #expect(answer.json["fulfilment"] == ["loop": "native", "duration": "native"])
            #expect(answer.json["metadata"] == ["scene": "forest"])
            #expect(answer.json["client"] == .null)
            let output = answer.json["outputs"]?[0]
            #expect(output?["duration"]?.double == 1.5)
            #expect(output?["url"] == .string("http://sounds.test/v1/sounds/\(answer.id)/audio/0"))
            let audio = try await house.send(.get, "/v1/sounds/\(answer.id)/audio/0")
            #expect(audio.status == 200)
            #expect(audio.fields["Content-Type"] == "audio/wav")
            #expect(output?["bytes"] == JSONValue(audio.body.count))
        }
    }

    @Test("Without a wait the answer is 202 at once, and GET waits for the end")
    func polls() async throws {
        try await withHouse { house in
            let created = try await house.send(.post, "/v1/sounds", #"{"prompt": "bell"}"#)
            #expect(created.status == 202)
            #expect(created.fields["Preference-Applied"] == nil)
            let ended = try await house.send(
                .get,
                "/v1/sounds/\(created.id)",
                fields: ["Prefer": "wait=60"]
            )
            #expect(ended.json["status"] == "succeeded")
        }
    }

    @Test("A wait that is over before the task is answers 202 with the task as it stands")
    func waitEnds() async throws {
        try await withHouse { house in
            let answer = try await house.send(
                .post,
                "/v1/sounds",
                #"{"prompt": "rain", "provider": "suno"}"#,
                fields: ["Prefer": "respond-async, wait=1"]
            )
            #expect(answer.status == 202)
            #expect(answer.fields["Preference-Applied"] == "wait=1")
            #expect(answer.json["ended_at"] == .null)
        }
    }

    @Test("The longest wait is 120 seconds, and the answer says so")
    func waitIsCapped() async throws {
        try await withHouse { house in
            let answer = try await house.send(
                .post,
                "/v1/sounds",
                #"{"prompt": "click"}"#,
                fields: ["Prefer": "wait=9999"]
            )
            #expect(answer.fields["Preference-Applied"] == "wait=120")
        }
    }

    @Test("Two variations are two different files")
    func variations() async throws {
        try await withHouse { house in
            let answer = try await house.sound(#"{"prompt": "door", "variations": 2, "duration": 1}"#)
            let outputs = answer.json["outputs"]?.array ?? []
            #expect(outputs.count == 2)
            #expect(outputs.first?["sha256"] != outputs.last?["sha256"])
        }
    }

    @Test(
        "The request comes back normalized",
        arguments: [
            (#"{"prompt": "x", "key": "Bb minor"}"#, "key", "A#m"),
            (#"{"prompt": "x", "bpm": 119.0}"#, "bpm", 119),
            (#"{"prompt": "x", "provider": "builtin"}"#, "provider", ["builtin"]),
            (#"{"prompt": "x", "provider": ["builtin", "builtin"]}"#, "provider", ["builtin"]),
        ] as [(String, String, JSONValue)]
    )
    func normalizes(json: String, field: String, value: JSONValue) async throws {
        try await withHouse { house in
            let answer = try await house.send(.post, "/v1/sounds", json)
            #expect(answer.json["request"]?[field] == value)
        }
    }

    @Test("The same seed gives the same bytes")
    func seeds() async throws {
        try await withHouse { house in
            let json = #"{"prompt": "wind", "seed": 7, "duration": 1}"#
            let first = try await house.sound(json)
            let second = try await house.sound(json)
            #expect(first.id != second.id)
            #expect(first.json["outputs"]?[0]?["sha256"] == second.json["outputs"]?[0]?["sha256"])
        }
    }

    @Test(
        "The asked format is what comes",
        arguments: zip(["wav", "flac", "ogg", "mp3"], ["wav", "flac", "ogg", "mpeg"])
    )
    func formats(format: String, type: String) async throws {
        try await withHouse { house in
            let answer = try await house.sound(#"{"prompt": "click", "format": "\#(format)"}"#)
            let audio = try await house.send(.get, "/v1/sounds/\(answer.id)/audio/0")
            #expect(audio.fields["Content-Type"] == "audio/\(type)")
            #expect(audio.fields["Content-Disposition"]?.hasSuffix("-0.\(format)\"") == true)
        }
    }
}
