import Emulators
import HTTP
import HTTPServer
import JSON
import Testing

@Suite struct VideoGenExecutionTests {
    static let moments: [(Duration, String, Int64)] = [
        (.zero, "pending", 0), (.milliseconds(1999), "pending", 0), (.seconds(2), "running", 25),
        (.seconds(4), "running", 50), (.milliseconds(7999), "running", 99), (.seconds(8), "succeeded", 100),
        (.seconds(9999), "succeeded", 100),
    ]

    @Test("an execution goes through the vendor's states with its age", arguments: moments)
    func phases(_ age: Duration, _ status: String, _ progress: Int64) async throws {
        let bench = try await VideoGenBench()
        let id = try await bench.job(["numResults": 3])
        bench.emulation.clock.advance(by: age)
        let body = try #require(try await bench.poll(id).object)
        #expect(
            Set(body.keys) == [
                "toolExecutionId", "status", "toolType", "progressPercentage", "attemptIndex", "results",
                "error",
            ]
        )
        #expect(body["toolExecutionId"]?.string == id)
        #expect(body["status"]?.string == status)
        #expect(body["progressPercentage"]?.integer == progress)
        #expect(body["toolType"]?.string == "GENERATE_SOUND_EFFECT")
        #expect(body["error"]?.isNull == true)
        let results = try #require(body["results"]?.array)
        #expect(results.count == (status == "succeeded" ? 3 : 0))
        #expect(results.allSatisfy { $0["type"]?.string == "AUDIO" && $0["file"]?.isNull == true })
        #expect(Set(results.compactMap { $0["fileId"]?.string }).count == results.count)
    }

    @Test("the states between can be left out, and speed divides all times")
    func speed() async throws {
        let bench = try await VideoGenBench(["phases": "direct"]) { $0.speed = 4 }
        let id = try await bench.job()
        bench.emulation.clock.advance(by: .milliseconds(1999))
        #expect(try await bench.status(id) == "pending")
        bench.emulation.clock.advance(by: .milliseconds(1))
        #expect(try await bench.status(id) == "succeeded")
    }

    // MARK: What is wrong with a call

    static let wrong: [JSONValue] = [
        [:], ["prompt": ""], ["prompt": 5], "rain", ["prompt": "x", "durationSeconds": 0.9],
        ["prompt": "x", "durationSeconds": 30.1], ["prompt": "x", "durationSeconds": "4"],
        ["prompt": "x", "promptInfluence": -0.1], ["prompt": "x", "promptInfluence": 1.1],
        ["prompt": "x", "numResults": 0], ["prompt": "x", "numResults": 101],
        ["prompt": "x", "numResults": 1.5],
        ["prompt": "x", "isOutputTemporary": 1],
    ]

    @Test("what the vendor does not take is refused in its words", arguments: wrong)
    func validation(_ body: JSONValue) async throws {
        let bench = try await VideoGenBench()
        let response = try await bench.create(body)
        #expect(response.status == .badRequest)
        #expect(response.fields["x-request-id"]?.isEmpty == false)
        let answer = try await bench.emulation.json(response)
        #expect(answer["code"]?.string == "invalid_parameters")
        #expect(answer["message"]?.string?.isEmpty == false)
        #expect(try await bench.accepted() == 0)
    }

    @Test("the ends of the ranges are inside, and null is as good as nothing")
    func bounds() async throws {
        let bench = try await VideoGenBench()
        let bodies: [JSONObject] = [
            ["durationSeconds": 1, "promptInfluence": 0, "numResults": 1],
            ["durationSeconds": 30, "promptInfluence": 1, "numResults": 100, "isOutputTemporary": true],
            ["durationSeconds": .null, "promptInfluence": .null],
        ]
        for body in bodies { _ = try await bench.job(body) }
        #expect(try await bench.accepted() == 3)
    }

    @Test(
        "a key is a Bearer key, and the right one",
        arguments: [(nil, "missing_api_key"), ("k-2", "invalid_api_key")] as [(String?, String)]
    )
    func credentials(_ key: String?, _ word: String) async throws {
        let bench = try await VideoGenBench(["key": "k-1"])
        for (method, path) in [
            (HTTP.Method.post, "tools/generate-sound-effect"), (.get, "tools/executions"),
            (.get, "tools/executions/x"), (.post, "tools/executions/x/cancel"), (.get, "files/x"),
            (.post, "files/x/hydrate"), (.get, "webhooks/endpoints"), (.get, "me"),
        ] {
            let response = try await bench.call(method, path, [:], key: key)
            #expect(response.status == .unauthorized)
            #expect(try await bench.code(response) == word)
        }
        #expect(try await bench.json(.get, "me")["email"]?.string?.isEmpty == false)
    }

    @Test(
        "an id that is none, and one that nobody has",
        arguments: [
            ("x", 400, "invalid_id"), ("vg_exec_", 400, "invalid_id"),
            ("vg_exec_00000000000000000000", 404, "not_found"),
        ]
    )
    func ids(_ id: String, _ status: Int, _ word: String) async throws {
        let bench = try await VideoGenBench()
        for response in [
            try await bench.call(.get, "tools/executions/\(id)"),
            try await bench.call(.post, "tools/executions/\(id)/cancel"),
        ] {
            #expect(response.status.code == status)
            #expect(try await bench.code(response) == word)
        }
    }

    @Test("an execution is its key's own")
    func separate() async throws {
        let bench = try await VideoGenBench()
        let id = try await bench.job()
        #expect(try await bench.call(.get, "tools/executions/\(id)", key: "k-2").status == .notFound)
    }

    @Test("the account runs out of credits, with a status that can be chosen", arguments: [402, 403])
    func credits(_ status: Int64) async throws {
        let bench = try await VideoGenBench(["credits": 4, "insufficient_credits_status": .integer(status)])
        _ = try await bench.job(["numResults": 3])
        let response = try await bench.create(["prompt": "x", "numResults": 2])
        #expect(response.status.code == status)
        #expect(try await bench.code(response) == "insufficient_credits")
        _ = try await bench.job()
        #expect(try await bench.accepted() == 2)
    }

    @Test("an hour has room for so many executions")
    func hourly() async throws {
        let bench = try await VideoGenBench(["hourly_limit": 1])
        _ = try await bench.job()
        let response = try await bench.create(["prompt": "x"])
        #expect(response.status == .tooManyRequests)
        #expect(response.fields["Retry-After"]?.isEmpty == false)
        bench.emulation.clock.advance(by: .seconds(3600))
        _ = try await bench.job()
    }

    // MARK: List

    @Test("the list turns its pages, the newest first")
    func list() async throws {
        let bench = try await VideoGenBench()
        var ids: [String] = []
        for _ in 0..<5 { ids.append(try await bench.job()) }
        var seen: [String] = []
        var cursor: String?
        repeat {
            let query = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try await bench.json(.get, "tools/executions?limit=2\(query)&selfOnly=true")
            seen += page["toolExecutions"]?.array?.compactMap { $0["toolExecutionId"]?.string } ?? []
            cursor = page["nextCursor"]?.string
            #expect(page["hasMore"]?.bool == (cursor != nil))
        } while cursor != nil
        #expect(seen == ids.reversed())
        for query in ["limit=0", "limit=201", "limit=x", "cursor=x"] {
            #expect(try await bench.call(.get, "tools/executions?\(query)").status == .badRequest)
        }
    }

    // MARK: Cancel

    @Test("a cancellation is accepted at once and comes true later")
    func cancel() async throws {
        let bench = try await VideoGenBench()
        let id = try await bench.job()
        bench.emulation.clock.advance(by: .seconds(3))
        let response = try await bench.call(.post, "tools/executions/\(id)/cancel")
        #expect(response.status == .accepted)
        #expect(try await bench.emulation.json(response)["toolExecutionId"]?.string == id)
        #expect(try await bench.status(id) == "running")
        bench.emulation.clock.advance(by: .seconds(2))
        #expect(try await bench.status(id) == "cancelled")
        bench.emulation.clock.advance(by: .seconds(20))
        let body = try await bench.poll(id)
        #expect(body["status"]?.string == "cancelled")
        #expect(body["results"] == [])
    }

    @Test("what ends before the cancellation comes true has ended")
    func race() async throws {
        let bench = try await VideoGenBench()
        let id = try await bench.job()
        bench.emulation.clock.advance(by: .milliseconds(6500))
        #expect(try await bench.call(.post, "tools/executions/\(id)/cancel").status == .accepted)
        bench.emulation.clock.advance(by: .seconds(9))
        #expect(try await bench.status(id) == "succeeded")
    }

    @Test("cancelling what has ended is accepted or refused, and changes nothing", arguments: [false, true])
    func late(_ isRefused: Bool) async throws {
        let bench = try await VideoGenBench(["refuse_late_cancel": .bool(isRefused)])
        let id = try await bench.job()
        bench.emulation.clock.advance(by: .seconds(8))
        let response = try await bench.call(.post, "tools/executions/\(id)/cancel")
        #expect(response.status == (isRefused ? .badRequest : .accepted))
        bench.emulation.clock.advance(by: .seconds(20))
        #expect(try await bench.status(id) == "succeeded")
    }

    // MARK: Approval

    @Test("an execution can wait for somebody's approval")
    func approval() async throws {
        let bench = try await VideoGenBench(["awaiting_approval": true])
        let (id, other) = (try await bench.job(), try await bench.job())
        #expect(try await bench.status(id) == "pending")
        bench.emulation.clock.advance(by: .seconds(100))
        #expect(try await bench.status(id) == "awaiting_approval")
        #expect(try await bench.poll(id)["results"] == [])
        _ = try await bench.call(.post, "tools/executions/\(other)/cancel")
        bench.emulation.clock.advance(by: .seconds(2))
        try await bench.turn("awaiting_approval", false)
        #expect(try await bench.status(id) == "succeeded")
        #expect(try await bench.status(other) == "cancelled")
    }

    // MARK: Faults

    static let fates = [
        ("failed", "failed", "execution_failed"), ("sensitive", "failed", "content_policy_violation"),
        ("never", "pending", nil),
    ]

    @Test("a fate is an execution's own and for good", arguments: fates)
    func fate(_ fault: String, _ status: String, _ word: String?) async throws {
        let bench = try await VideoGenBench()
        let (doomed, other) = (try await bench.job(), try await bench.job())
        try await bench.script("poll", fault, ["task": .string(doomed)])
        for _ in 0..<2 {
            let body = try await bench.poll(doomed)
            #expect(body["status"]?.string == status)
            #expect(body["error"]?["code"]?.string == word)
            bench.emulation.clock.advance(by: .seconds(60))
        }
        #expect(try await bench.status(other) == "succeeded")
    }

    static let refusals =
        [
            (429, nil, 429, "rate_limit_exceeded"), (401, nil, 401, "invalid_api_key"),
            (403, nil, 403, "insufficient_credits"),
            (nil, "insufficient_credits", 402, "insufficient_credits"),
            (500, "strange", 500, "strange"), (nil, "invalid_id", 400, "invalid_id"),
        ] as [(Int?, String?, Int, String)]

    @Test("a refusal is scripted by status, by word, or by both", arguments: refusals)
    func refuse(_ code: Int?, _ word: String?, _ status: Int, _ told: String) async throws {
        let bench = try await VideoGenBench()
        let more: JSONObject = ["code": JSONValue(orNull: code), "word": JSONValue(orNull: word)]
        try await bench.script("create", "refuse", more)
        let response = try await bench.create(["prompt": "x"])
        #expect(response.status.code == status)
        #expect(try await bench.code(response) == told)
        #expect(response.fields.contains("Retry-After") == (status == 429))
        #expect(try await bench.accepted() == 0)
    }

    @Test("one poll can say an unknown word, or that there is nothing")
    func strangePolls() async throws {
        let bench = try await VideoGenBench()
        let id = try await bench.job()
        try await bench.script("poll", "unknown_word", ["word": "dreaming"])
        #expect(try await bench.status(id) == "dreaming")
        try await bench.script("poll", "not_found")
        #expect(try await bench.call(.get, "tools/executions/\(id)").status == .notFound)
        #expect(try await bench.status(id) == "pending")
    }

    @Test("the log names the call, its task and its members")
    func log() async throws {
        let bench = try await VideoGenBench()
        let id = try await bench.job(["promptInfluence": 0.5])
        let call = try await bench.emulation.lastCall()
        #expect(call["vendor"]?.string == "videogen")
        #expect(call["operation"]?.string == "create")
        #expect(call["path"]?.string == "/videogen/v1/tools/generate-sound-effect")
        #expect(call["auth"]?.string == "Bearer")
        #expect(call["content_type"]?.string == "application/json")
        #expect(call["body"]?["promptInfluence"]?.double == 0.5)
        #expect(call["task"]?.string == id)
        _ = try await bench.call(.post, "tools/executions/\(id)/cancel")
        let cancel = try await bench.emulation.lastCall()
        #expect(cancel["operation"]?.string == "cancel")
        #expect(cancel["task"]?.string == id)
    }

    @Test("an unknown path or method gets the vendor's form of 404 or 405")
    func unrouted() async throws {
        let bench = try await VideoGenBench()
        #expect(try await bench.call(.get, "tools/generate-image").status == .notFound)
        let response = try await bench.call(.delete, "tools/executions")
        #expect(response.status.code == 405)
        #expect(response.fields.contains("x-request-id"))
    }
}
