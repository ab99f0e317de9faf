import HTTP
import HTTPServer
import JSON
import Testing

@Suite struct SunoCreateTests {
    @Test("a request with everything in it is taken")
    func accepts() async throws {
        let emulation = try Emulation()
        let answer = try await emulation.create([
            "prompt": "lofi", "model": "V5_5", "soundLoop": true, "soundTempo": 90, "soundKey": "A#m",
            "grabLyrics": false, "callBackUrl": "https://example.org/callback",
        ])
        #expect(answer["code"]?.integer == 200)
        #expect(answer["msg"]?.string == "success")
        #expect(answer["data"]?["taskId"]?.string?.isEmpty == false)
    }

    static let keys = [
        "Any", "Cm", "C#m", "Dm", "D#m", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "A#m", "Bm", "C", "C#", "D",
        "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B",
    ]

    @Test("each of the 25 keys is taken", arguments: keys)
    func takesKey(_ key: String) async throws {
        let answer = try await Emulation().create(["prompt": "x", "model": "V5", "soundKey": .string(key)])
        #expect(answer["code"]?.integer == 200)
    }

    static let refused: [(JSONValue, Int64)] = [
        ([:], 400),
        (["model": "V5"], 400),
        (["prompt": "", "model": "V5"], 400),
        (["prompt": 7, "model": "V5"], 400),
        (["prompt": "x"], 400),
        (["prompt": "x", "model": "V4"], 400),
        (["prompt": "x", "model": "V5", "soundLoop": "yes"], 400),
        (["prompt": "x", "model": "V5", "soundTempo": 0], 400),
        (["prompt": "x", "model": "V5", "soundTempo": 301], 400),
        (["prompt": "x", "model": "V5", "soundTempo": 90.5], 400),
        (["prompt": "x", "model": "V5", "soundTempo": "90"], 400),
        (["prompt": "x", "model": "V5", "soundKey": "Bbm"], 400),
        (["prompt": "x", "model": "V5", "soundKey": "H"], 400),
        (["prompt": "x", "model": "V5", "grabLyrics": 1], 400),
        (["prompt": "x", "model": "V5", "callBackUrl": "nowhere"], 400),
        (["prompt": .string(String(repeating: "x", count: 501)), "model": "V5"], 413),
        (["not", "an", "object"], 400),
    ]

    @Test("a bad request gets the vendor's code and takes no job", arguments: refused)
    func refuses(_ body: JSONValue, _ code: Int64) async throws {
        let emulation = try Emulation()
        let answer = try await emulation.create(body)
        #expect(answer["code"]?.integer == code)
        #expect(answer["msg"]?.string?.isEmpty == false)
        #expect(answer["data"] == .null)
        #expect(try await emulation.control(.get, "tasks")["accepted"]?.integer == 0)
    }

    @Test("500 characters, ends of the tempo's range, and null are taken")
    func limits() async throws {
        let emulation = try Emulation()
        let longest = JSONValue.string(String(repeating: "é", count: 500))
        for (tempo, key) in [(1, "Any"), (300, "B"), (JSONValue.null, JSONValue.null)]
            as [(JSONValue, JSONValue)]
        {
            let answer = try await emulation.create(
                ["prompt": longest, "model": "V5", "soundTempo": tempo, "soundKey": key]
            )
            #expect(answer["code"]?.integer == 200)
        }
    }

    @Test("a call without a Bearer key gets 401", arguments: [nil, "k-1", "Key k-1", "Bearer", "Bearer "])
    func credentials(_ value: String?) async throws {
        let emulation = try Emulation()
        var fields = Fields()
        fields["Authorization"] = value
        for (method, path) in [
            (HTTP.Method.post, "sounds"), (.get, "record-info?taskId=x"), (.get, "credit"),
        ] {
            let response = try await emulation.call(
                method,
                "/sunoapi/api/v1/generate/\(path)",
                key: nil,
                fields: fields
            )
            #expect(response.status == .ok)
            #expect(try await emulation.json(response)["code"]?.integer == 401)
        }
    }

    @Test(
        "a body that is not announced as JSON is refused",
        arguments: ["text/plain", "application/x-www-form-urlencoded"]
    )
    func mediaType(_ type: String) async throws {
        let emulation = try Emulation()
        let response = try await emulation.call(
            .post,
            "/sunoapi/api/v1/generate/sounds",
            fields: ["Content-Type": type],
            body: ["prompt": "x", "model": "V5"]
        )
        #expect(try await emulation.json(response)["code"]?.integer == 400)
    }

    @Test("each job costs two and a half credits, and none is left below that")
    func credits() async throws {
        let emulation = try Emulation()
        try await emulation.turn("credits", 6)
        let balance = "/sunoapi/api/v1/generate/credit"
        _ = try await emulation.job()
        #expect(try await emulation.json(emulation.call(.get, balance))["data"]?.double == 3.5)
        _ = try await emulation.job()
        let answer = try await emulation.create(["prompt": "x", "model": "V5"])
        #expect(answer["code"]?.integer == 429)
        #expect(try await emulation.json(emulation.call(.get, balance))["data"]?.double == 1)
        #expect(try await emulation.control(.get, "tasks")["accepted"]?.integer == 2)
    }

    @Test("with true statuses the code is the HTTP status as well")
    func trueStatus() async throws {
        let emulation = try Emulation()
        try await emulation.turn("true_status", true)
        let response = try await emulation.call(.post, "/sunoapi/api/v1/generate/sounds", body: [:])
        #expect(response.status == .badRequest)
        #expect(try await emulation.json(response)["code"]?.integer == 400)
    }

    @Test("an unknown path or method gets the vendor's 404")
    func unrouted() async throws {
        let emulation = try Emulation()
        for (method, path) in [
            (HTTP.Method.get, "/sunoapi/api/v2/x"), (.delete, "/sunoapi/api/v1/generate/sounds"),
        ] {
            let response = try await emulation.call(method, path)
            #expect(try await emulation.json(response)["code"]?.integer == 404)
            #expect(try await emulation.lastCall()["operation"]?.string == "unknown")
        }
    }
}
