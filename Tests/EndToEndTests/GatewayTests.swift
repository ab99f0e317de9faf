import AudioFile
import HTTP
import JSON
import Testing

/// A gateway with nothing but its defaults, as a caller sees it.
@Suite struct GatewayTests {
    @Test func aLoopedSoundHasItsLengthAndJoinsWithoutAClick() async throws {
        try await withGateway { gateway, folder in
            let task = try await gateway.sound([
                "prompt": "soft rain with distant thunder", "loop": true, "duration": 4,
            ])
            #expect(task["status"]?.string == "succeeded", "\(task)")
            #expect(task["fulfilment"] == ["loop": "native", "duration": "native"])
            #expect(task["progress"]?.double == 1)
            let recording = try Recording(try await gateway.audio(0, of: task, in: folder))
            #expect(recording.inspection.duration == 4)
            #expect((-45 ... -6).contains(recording.inspection.rms), "\(recording.inspection.rms) dB")
            #expect(recording.inspection.peak < 1)
            #expect(recording.stepAtJoin <= recording.largestStep)
        }
    }

    @Test func twoTakesDifferAndKeepTheBeat() async throws {
        try await withGateway { gateway, folder in
            let task = try await gateway.sound([
                "prompt": "lofi drum loop", "bpm": 90, "key": "Am", "duration": 8, "variations": 2,
            ])
            #expect(task["status"]?.string == "succeeded", "\(task)")
            let outputs = try #require(task["outputs"]?.array)
            #expect(outputs.count == 2)
            #expect(outputs[0]["sha256"] != outputs[1]["sha256"])
            for index in 0..<2 {
                let recording = try Recording(try await gateway.audio(index, of: task, in: folder))
                #expect(recording.inspection.duration == 8)
                let onBeat = recording.onsets(every: 60.0 / 90)
                let besideBeat = recording.onsets(every: 60.0 / 90 * 0.83)
                #expect(onBeat > besideBeat * 1.5, "on \(onBeat), beside \(besideBeat)")
            }
        }
    }

    @Test func aSeedGivesTheSameBytesAgain() async throws {
        try await withGateway { gateway, _ in
            let request: JSONValue = ["prompt": "bell", "duration": 1, "seed": 7]
            let first = try await gateway.sound(request)
            let second = try await gateway.sound(request)
            let digest = first["outputs"]?[0]?["sha256"]
            #expect(digest?.string?.count == 64)
            #expect(digest == second["outputs"]?[0]?["sha256"])
        }
    }

    // MARK: Problems

    struct Wrong: Sendable, CustomTestStringConvertible {
        let method: HTTP.Method
        let path: String
        var type: String?
        var body: String?
        let status: Int
        let code: String
        var testDescription: String { "\(method) \(path) \(body ?? "") is \(status) \(code)" }
    }

    @Test(arguments: [
        Wrong(method: .get, path: "/nowhere", status: 404, code: "not_found"),
        Wrong(method: .get, path: "/v1/sounds/snd_00", status: 404, code: "not_found"),
        Wrong(method: .delete, path: "/v1/plans", status: 405, code: "method_not_allowed"),
        Wrong(
            method: .post,
            path: "/v1/sounds",
            type: "application/json",
            body: "{",
            status: 400,
            code: "malformed_json"
        ),
        Wrong(
            method: .post,
            path: "/v1/sounds",
            type: "text/plain",
            body: "rain",
            status: 415,
            code: "unsupported_media_type"
        ),
        Wrong(
            method: .post,
            path: "/v1/sounds",
            type: "application/json",
            body: #"{"prompt":"x","bmp":90}"#,
            status: 422,
            code: "invalid_request"
        ),
    ])
    func whatIsWrongIsAProblemDocument(_ wrong: Wrong) async throws {
        try await withGateway { gateway, _ in
            var fields: Fields = [:]
            if let type = wrong.type { fields["Content-Type"] = type }
            let answer = try await gateway.send(
                wrong.method,
                wrong.path,
                wrong.body.map { Array($0.utf8) },
                fields: fields
            )
            #expect(answer.status == wrong.status)
            #expect(answer.fields["Content-Type"]?.hasPrefix("application/problem+json") == true)
            #expect(answer.json["status"]?.integer == Int64(wrong.status))
            #expect(answer.json["code"]?.string == wrong.code, "\(answer.json)")
            #expect(answer.json["request_id"]?.string == answer.fields["X-Request-Id"])
        }
    }

    @Test func everyMistakeIsToldAtOnce() async throws {
        try await withGateway { gateway, _ in
            let answer = try await gateway.post(
                "/v1/sounds",
                ["bpm": 900, "key": "H", "bmp": 90, "loop": "yes"]
            )
            #expect(answer.status == 422)
            let fields = (answer.json["errors"]?.array ?? []).compactMap { $0["field"]?.string }
            #expect(Set(fields) == ["bpm", "key", "bmp", "loop", "prompt"])
            #expect("\(answer.json)".contains("did you mean"))
        }
    }

    @Test func aRequestThatNobodyCanMeetNamesEveryRefusal() async throws {
        try await withEmulatedVendors { gateway, doubles, _ in
            let answer = try await gateway.post(
                "/v1/sounds",
                ["prompt": "x", "lyrics": "la la la", "accept": "native"]
            )
            #expect(answer.status == 422)
            #expect(answer.json["code"]?.string == "no_provider")
            let candidates = try #require(answer.json["candidates"]?.array)
            #expect(Set(candidates.compactMap { $0["provider"]?.string }) == ["sunoapi", "builtin"])
            for candidate in candidates {
                #expect(candidate["eligible"] == false)
                let refusals = candidate["refusals"]?.array ?? []
                #expect(refusals.contains { $0["field"] == "lyrics" }, "\(candidate)")
            }
            let accepted = try await doubles.get("/_control/tasks").json["accepted"]?.integer
            #expect(accepted == 0)
        }
    }

    // MARK: Clients

    @Test func aNewKeyOpensTheGatewayThatKnowsItsDigest() async throws {
        try await Folder.with { elsewhere in
            let made = try await Program.run(["client", "new", "game-team", "--json"], in: elsewhere)
            let client = try JSONValue(parsing: made.output)
            let key = try #require(client["key"]?.string)
            let digest = try #require(client["key_sha256"]?.string)
            let config = "clients:\n  - { name: game-team, key_sha256: \"\(digest)\" }\n"
            try await withGateway(config: config) { gateway, folder in
                let words = ["providers", "--server", gateway.address]
                let stranger = try await Program.run(words, in: folder)
                #expect(stranger.status == 77)
                #expect(stranger.errors.contains("SOUNDGATE_KEY"))
                let known = try await Program.run(words, in: folder, environment: ["SOUNDGATE_KEY": key])
                #expect(known.status == 0, "\(known.errors)")
                #expect(known.output.contains("builtin"))
            }
        }
    }
}
