import Emulators
import Glibc
import HTTP
import HTTPServer
import JSON
import Testing

@Suite struct ControlTests {
    static let calls: [(HTTP.Method, String)] = [
        (.post, "faults"), (.get, "faults"), (.delete, "faults"), (.get, "log"), (.get, "callbacks"),
        (.get, "tasks"),
        (.get, "settings"), (.post, "settings"), (.post, "reset"),
    ]

    @Test("nothing of the control route answers unless listening on loopback", arguments: calls)
    func closed(_ method: HTTP.Method, _ path: String) async throws {
        let open = try Emulation()
        #expect(try await open.call(method, "/_control/\(path)", body: [:]).status != .forbidden)
        let emulation = try Emulation { $0.isOnLoopback = false }
        #expect(try await emulation.call(method, "/_control/\(path)", body: [:]).status == .forbidden)
    }

    static let wrong: [JSONValue] = [
        [:],
        ["vendor": "other", "operation": "create", "fault": "html502"],
        ["vendor": "sunoapi", "operation": "guess", "fault": "html502"],
        ["vendor": "sunoapi", "operation": "create", "fault": "failed"],
        ["vendor": "sunoapi", "operation": "create", "fault": "refuse"],
        ["vendor": "sunoapi", "operation": "create", "fault": "html502", "times": 0],
        ["vendor": "sunoapi", "operation": "create", "fault": "html502", "tmies": 1],
        ["vendor": "sunoapi", "operation": "create", "fault": "html502", "chance": 1.5],
        [["vendor": "sunoapi", "operation": "create", "fault": "html502"], [:]],
        "html502",
    ]

    @Test("a fault that makes no sense is refused whole, with a sentence", arguments: wrong)
    func wrongFaults(_ body: JSONValue) async throws {
        let emulation = try Emulation()
        let response = try await emulation.call(.post, "/_control/faults", key: nil, body: body)
        #expect(response.status == .badRequest)
        #expect(try await emulation.json(response)["error"]?.string?.isEmpty == false)
        #expect(try await emulation.control(.get, "faults")["faults"] == [])
    }

    @Test(
        "a switch that is wrong turns none",
        arguments: [["clips": 3], ["clip": 1], ["phases": "none"]] as [JSONObject]
    )
    func wrongSettings(_ wrong: JSONObject) async throws {
        let emulation = try Emulation()
        let before = try await emulation.control(.get, "settings")
        var body = wrong
        body["vendor"] = "sunoapi"
        body["true_status"] = true
        let response = try await emulation.call(.post, "/_control/settings", key: nil, body: .object(body))
        #expect(response.status == .badRequest)
        #expect(try await emulation.control(.get, "settings") == before)
    }

    @Test("the log has what was sent, and what came of it")
    func log() async throws {
        let emulation = try Emulation()
        let id = try await emulation.job("rain", ["soundTempo": 90])
        _ = try await emulation.poll(id, key: nil)
        let calls = try await emulation.control(.get, "log")["calls"]
        let create = try #require(calls?[0])
        #expect(create["method"]?.string == "POST")
        #expect(create["path"]?.string == "/sunoapi/api/v1/generate/sounds")
        #expect(create["content_type"]?.string == "application/json")
        #expect(create["auth"]?.string == "Bearer")
        #expect(create["body"]?["soundTempo"]?.integer == 90)
        #expect(create["task"]?.string == id)
        #expect(create["outcome"]?.string == "accepted")
        #expect(create["time"]?.string?.hasSuffix("Z") == true)
        let poll = try #require(calls?[1])
        #expect(poll["query"]?["taskId"]?.string == id)
        #expect(poll["auth"]?.string == "none")
        #expect(poll["outcome"]?.string == "code 401")
        let polls = try await emulation.control(.get, "log?operation=poll&task=\(id)")
        #expect(polls["calls"]?.array?.count == 1)
        #expect(try await emulation.control(.get, "log?after=2")["calls"] == [])
        #expect(try await emulation.control(.get, "log?limit=1")["calls"]?[0]?["seq"]?.integer == 2)
    }

    @Test("a reset leaves nothing")
    func reset() async throws {
        let emulation = try Emulation()
        let settings = try await emulation.control(.get, "settings")
        let id = try await emulation.job()
        try await emulation.turn("clips", 1)
        try await emulation.script("poll", "never", ["times": "always"])
        _ = try await emulation.control(.post, "reset")
        #expect(try await emulation.control(.get, "log")["total"]?.integer == 0)
        #expect(try await emulation.control(.get, "faults")["faults"] == [])
        #expect(try await emulation.control(.get, "settings") == settings)
        #expect(try await emulation.poll(id)["code"]?.integer == 422)
    }

    @Test("the front page lists the doubles, and the host says it is alive")
    func front() async throws {
        let emulation = try Emulation()
        let list = try await emulation.json(emulation.call(.get, "/"))
        #expect(list["doubles"]?[0]?["vendor"]?.string == "sunoapi")
        #expect(list["control"]?.string == "/_control")
        #expect(try await emulation.call(.get, "/healthz").status == .ok)
        #expect(try await emulation.call(.get, "/other").status == .notFound)
    }

    @Test("closing removes all files")
    func cleaning() async throws {
        let parent = "/tmp/soundgate-cleaning-\(UInt64.random(in: 0 ... .max))"
        #expect(mkdir(parent, 0o700) == 0)
        let emulation = try Emulation { $0.temporaryDirectory = parent }
        let target = try await emulation.finishedFiles(emulation.job("click, 1 second long"))[0]
        #expect(try await emulation.call(.get, target, key: nil).status == .ok)
        #expect(rmdir(parent) == -1)
        emulation.host.close()
        #expect(rmdir(parent) == 0)
    }
}
