import HTTP
import HTTPServer
import JSON
import Testing

/// What tells the hosts of the family apart, and that they share nothing.
@Suite struct SunoFamilyTests {
    static let hosts = ["sunoapi", "apibox", "kie"]

    static let models = [
        ("sunoapi", "V5", true), ("sunoapi", "V5_5", true), ("sunoapi", "V6", false),
        ("apibox", "V5", true), ("apibox", "V5_5", false), ("apibox", "V6", false),
        ("kie", "V5", true), ("kie", "V5_5", true), ("kie", "V6", true), ("kie", "V4", false),
    ]

    @Test("each host takes its own models", arguments: models)
    func model(_ host: String, _ model: String, _ isTaken: Bool) async throws {
        let emulation = try Emulation()
        let answer = try await emulation.create(["prompt": "x", "model": .string(model)], at: host)
        #expect((answer["code"]?.integer == 200) == isTaken, "\(answer)")
        #expect(try await emulation.control(.get, "tasks")["accepted"]?.integer == (isTaken ? 1 : 0))
    }

    static let refusals: [(String, JSONValue, Int64)] = [
        ("apibox", ["model": "V5"], 400),
        ("kie", ["model": "V5"], 500),
        ("apibox", ["prompt": "x", "model": "V5", "soundTempo": 0], 400),
        ("kie", ["prompt": "x", "model": "V5", "soundTempo": 0], 422),
        ("apibox", ["prompt": .string(String(repeating: "x", count: 501)), "model": "V5"], 413),
        ("kie", ["prompt": .string(String(repeating: "x", count: 501)), "model": "V5"], 422),
    ]

    @Test("each host has its own numbers for a bad request", arguments: refusals)
    func refusal(_ host: String, _ body: JSONValue, _ code: Int64) async throws {
        let emulation = try Emulation()
        let answer = try await emulation.create(body, at: host)
        #expect(answer["code"]?.integer == code)
        #expect(answer["data"] == .null)
        #expect(try await emulation.control(.get, "tasks")["accepted"]?.integer == 0)
    }

    @Test(
        "the balance is told at the host's own path, and a job that it cannot pay is refused in its number",
        arguments: [
            ("sunoapi", "generate", "chat", 429), ("apibox", "generate", "chat", 429),
            ("kie", "chat", "generate", 402),
        ]
            as [(String, String, String, Int64)]
    )
    func credits(_ host: String, _ path: String, _ others: String, _ code: Int64) async throws {
        let emulation = try Emulation()
        try await emulation.turn("credits", 4, at: host)
        _ = try await emulation.job(at: host)
        let balance = try await emulation.call(.get, "/\(host)/api/v1/\(path)/credit")
        #expect(try await emulation.json(balance)["data"]?.double == 1.5)
        let elsewhere = try await emulation.call(.get, "/\(host)/api/v1/\(others)/credit")
        #expect(try await emulation.json(elsewhere)["code"]?.integer == 404)
        let answer = try await emulation.create(["prompt": "x", "model": "V5"], at: host)
        #expect(answer["code"]?.integer == code)
    }

    @Test("a job, its files, a switch and a fault are one host's own", arguments: hosts)
    func separate(_ host: String) async throws {
        let emulation = try Emulation()
        let others = Self.hosts.filter { $0 != host }
        let body: JSONValue = ["prompt": "x", "model": "V5"]
        try await emulation.turn("credits", 100, at: host)
        let id = try await emulation.job("click, 1 second long", at: host)
        let file = try await emulation.finishedFiles(id, at: host)[0]
        #expect(try await emulation.call(.get, file, key: nil).status == .ok)
        let settings = try await emulation.control(.get, "settings")
        #expect(settings[host]?["credits"]?.double == 97.5)
        try await emulation.script("create", "refuse", ["code": 455, "times": "always"], at: host)
        for other in others {
            #expect(try await emulation.poll(id, at: other)["code"]?.integer == 422)
            let foreign = file.replacing("/\(host)/", with: "/\(other)/")
            #expect(try await emulation.call(.get, foreign, key: nil).status == .notFound)
            #expect(settings[other]?["credits"]?.double == 10_000_000)
            #expect(try await emulation.create(body, at: other)["code"]?.integer == 200)
        }
        #expect(try await emulation.create(body, at: host)["code"]?.integer == 455)
        let log = try await emulation.control(.get, "log?vendor=\(host)&operation=create")
        #expect(log["calls"]?.array?.count == 2)
        let tasks = try await emulation.control(.get, "tasks")["tasks"]?.array ?? []
        #expect(Set(tasks.compactMap { $0["vendor"]?.string }) == Set(Self.hosts))
    }

    @Test("the front page and the control desk know each host", arguments: hosts)
    func known(_ host: String) async throws {
        let emulation = try Emulation()
        let list = try await emulation.json(emulation.call(.get, "/"))["doubles"]?.array ?? []
        let entry = list.first { $0["vendor"]?.string == host }
        #expect(entry?["path"]?.string == "/\(host)")
        #expect(entry?["imitates"]?.string?.hasPrefix("https://") == true)
        let known = try await emulation.control(.get, "faults")["known"]?[host]
        #expect(known?["poll"]?.array?.contains("snake_case") == true)
    }

    @Test("a breakdown is told in the host's envelope", arguments: hosts)
    func breakdown(_ host: String) async throws {
        let emulation = try Emulation()
        try await emulation.script("create", "http_500", at: host)
        let response = try await emulation.call(
            .post,
            "/\(host)/api/v1/generate/sounds",
            body: ["prompt": "x", "model": "V5"]
        )
        #expect(response.status == .internalServerError)
        #expect(try await emulation.json(response)["msg"]?.string == "Server error")
    }
}
