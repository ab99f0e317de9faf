import HTTP
import HTTPServer
import JSON
import Testing

@Suite struct FaultTests {
    private let sounds = "/sunoapi/api/v1/generate/sounds"
    private let body: JSONValue = ["prompt": "rain", "model": "V5"]

    private func accepted(_ emulation: Emulation) async throws -> Int64? {
        try await emulation.control(.get, "tasks")["accepted"]?.integer
    }

    // MARK: Create

    @Test(
        "each documented code can be scripted, and takes no job",
        arguments: [400, 401, 404, 405, 413, 429, 430, 455, 500]
    )
    func refuse(_ code: Int64) async throws {
        let emulation = try Emulation()
        try await emulation.script("create", "refuse", ["code": .integer(code), "retry_after": 7])
        let response = try await emulation.call(.post, sounds, body: body)
        #expect(response.status == .ok)
        #expect(response.fields["Retry-After"] == "7")
        #expect(try await emulation.json(response)["code"]?.integer == code)
        #expect(try await accepted(emulation) == 0)
        #expect(try await emulation.create(body)["code"]?.integer == 200)
    }

    @Test(
        "a page of the server in front, or the vendor's breakdown, takes a job only when told",
        arguments: [("html502", 502), ("http_500", 500)],
        [false, true]
    )
    func outage(_ fault: (String, Int), _ takesJob: Bool) async throws {
        let emulation = try Emulation()
        try await emulation.script("create", fault.0, ["takes_job": .bool(takesJob)])
        let response = try await emulation.call(.post, sounds, body: body)
        #expect(response.status.code == fault.1)
        let text = String(decoding: try await response.collectBody(), as: UTF8.self)
        #expect(text.contains(fault.1 == 502 ? "<html>" : #""code":500"#))
        #expect(try await accepted(emulation) == (takesJob ? 1 : 0))
    }

    @Test("with echo, the words of an answer repeat what was asked, credentials included")
    func echo() async throws {
        let emulation = try Emulation()
        for (fault, fields) in [("refuse", ["code": 400]), ("http_500", [:])] as [(String, JSONObject)] {
            var fields = fields
            fields["echo"] = true
            try await emulation.script("create", fault, fields)
            let response = try await emulation.call(.post, sounds, body: body)
            let field = try #require(response.fields["X-Debug-Authorization"])
            #expect(field.hasPrefix("Bearer "))
            let message = try #require(try await emulation.json(response)["msg"]?.string)
            #expect(message.contains(field))
            #expect(message.contains("rain"))
        }
        let plain = try await emulation.create(body)
        #expect(plain["msg"]?.string?.contains("Bearer") == false)
    }

    @Test(
        "the connection is cut before or after the job is taken",
        arguments: [("drop_before_accept", 0), ("drop_after_accept", 1)] as [(String, Int64)]
    )
    func drop(_ fault: String, _ jobs: Int64) async throws {
        let emulation = try Emulation()
        try await emulation.script("create", fault)
        let response = try await emulation.call(.post, sounds, body: body)
        await #expect(throws: (any Error).self) { try await response.collectBody() }
        #expect(try await accepted(emulation) == jobs)
        #expect(try await emulation.lastCall()["fault"]?.string == fault)
    }

    @Test("half of a body arrives and the connection is cut")
    func half() async throws {
        let emulation = try Emulation()
        try await emulation.script("create", "half_body")
        let response = try await emulation.call(.post, sounds, body: body)
        await #expect(throws: (any Error).self) { try await response.collectBody() }
        #expect(response.fields["Content-Type"] == "application/json")
        #expect(try await accepted(emulation) == 1)
    }

    @Test("a slow answer has taken the job long before it comes")
    func slow() async throws {
        let emulation = try Emulation()
        try await emulation.script("create", "slow", ["seconds": 8])
        async let answer = emulation.create(body)
        await emulation.clock.someoneSleeps()
        #expect(try await accepted(emulation) == 1)
        #expect(try await emulation.lastCall()["outcome"]?.string == "accepted")
        emulation.clock.advance(by: .seconds(8))
        #expect(try await answer["code"]?.integer == 200)
    }

    // MARK: Poll

    @Test(
        "a fate is a task's own and for good",
        arguments: [
            ("failed", "GENERATE_AUDIO_FAILED"), ("sensitive", "SENSITIVE_WORD_ERROR"), ("never", "PENDING"),
            ("create_failed", "CREATE_TASK_FAILED"),
        ]
    )
    func fates(_ fault: String, _ status: String) async throws {
        let emulation = try Emulation()
        try await emulation.script("poll", fault)
        let (doomed, other) = (try await emulation.job(), try await emulation.job())
        emulation.clock.advance(by: .seconds(5))
        #expect(try await emulation.status(doomed) == status)
        #expect(try await emulation.status(other) == "TEXT_SUCCESS")
        emulation.clock.advance(by: .seconds(50))
        let data = try await emulation.poll(doomed)["data"]
        #expect(data?["status"]?.string == status)
        #expect(data?["response"]?.isNull == true)
        #expect(data?["errorMessage"]?.isNull == (fault == "never"))
        #expect(
            try await emulation.call(.get, "/sunoapi/files/\(doomed)-1.mp3", key: nil).status == .notFound
        )
        #expect(try await emulation.status(other) == "SUCCESS")
    }

    @Test("one poll can be answered in an unknown word, not at all, or as for no task")
    func strangePolls() async throws {
        let emulation = try Emulation()
        let id = try await emulation.job()
        try await emulation.script("poll", "unknown_word", ["word": "DREAMING"])
        try await emulation.script("poll", "not_found")
        try await emulation.script("poll", "html502")
        try await emulation.script("poll", "http_500")
        try await emulation.script("poll", "refuse", ["code": 430])
        #expect(try await emulation.status(id) == "DREAMING")
        #expect(try await emulation.poll(id)["code"]?.integer == 422)
        let target = "/sunoapi/api/v1/generate/record-info?taskId=\(id)"
        #expect(try await emulation.call(.get, target).status == .badGateway)
        #expect(try await emulation.call(.get, target).status == .internalServerError)
        #expect(try await emulation.poll(id)["code"]?.integer == 430)
        try await emulation.script("poll", "drop")
        let dropped = try await emulation.call(.get, target)
        await #expect(throws: (any Error).self) { try await dropped.collectBody() }
        #expect(try await emulation.status(id) == "PENDING")
    }

    // MARK: Assets

    @Test(
        "a file is missing, expired, a page or empty, and then itself",
        arguments: [
            ("missing_then_found", 404, "xml"), ("expired", 403, "xml"), ("html", 200, "html"),
            ("empty", 200, "mpeg"),
        ]
    )
    func assets(_ fault: String, _ status: Int, _ type: String) async throws {
        let emulation = try Emulation()
        let target = try await emulation.finishedFiles(emulation.job("click, 1 second long"))[0]
        try await emulation.script("asset", fault, ["times": 2])
        for _ in 0..<2 {
            let response = try await emulation.call(.get, target, key: nil)
            #expect(response.status.code == status)
            #expect(response.fields["Content-Type"]?.contains(type) == true)
            if fault == "empty" { #expect(try await response.collectBody().isEmpty) }
        }
        let found = try await emulation.call(.get, target, key: nil)
        #expect(try Recording(try await found.collectBody()).duration == 1)
    }

    @Test("a truncated file pretends to be whole; a halved one is cut")
    func truncated() async throws {
        let emulation = try Emulation()
        let target = try await emulation.finishedFiles(emulation.job("rain, 2 seconds long"))[0]
        let whole = try await emulation.call(.get, target, key: nil).collectBody()
        try await emulation.script("asset", "truncated")
        let half = try await emulation.call(.get, target, key: nil)
        #expect(half.status == .ok)
        #expect(try await half.collectBody() == Array(whole.prefix(whole.count / 2)))
        try await emulation.script("asset", "half_body")
        let cut = try await emulation.call(.get, target, key: nil)
        await #expect(throws: (any Error).self) { try await cut.collectBody() }
    }

    // MARK: The script

    @Test("faults strike in order, after those to skip, as often as asked")
    func order() async throws {
        let emulation = try Emulation()
        _ = try await emulation.control(
            .post,
            "faults",
            [
                [
                    "vendor": "sunoapi", "operation": "create", "fault": "refuse", "code": 430, "times": 2,
                    "skip": 1,
                ],
                ["vendor": "sunoapi", "operation": "create", "fault": "refuse", "code": 455],
            ]
        )
        var codes: [Int64?] = []
        for _ in 0..<5 { codes.append(try await emulation.create(body)["code"]?.integer) }
        #expect(codes == [455, 430, 430, 200, 200])
    }

    @Test("a fault that always strikes does so until it is removed")
    func always() async throws {
        let emulation = try Emulation()
        try await emulation.script("create", "refuse", ["code": 455, "times": "always"])
        for _ in 0..<20 { #expect(try await emulation.create(body)["code"]?.integer == 455) }
        _ = try await emulation.control(.delete, "faults")
        #expect(try await emulation.create(body)["code"]?.integer == 200)
    }

    /// Which of so many creates are refused, when each is with a chance.
    private func struck(_ chance: Double, seed: Int64, of count: Int) async throws -> [Bool] {
        let emulation = try Emulation()
        try await emulation.script(
            "create",
            "refuse",
            ["code": 455, "times": "always", "chance": .number(chance), "seed": .integer(seed)]
        )
        var struck: [Bool] = []
        for _ in 0..<count { struck.append(try await emulation.create(body)["code"]?.integer == 455) }
        return struck
    }

    @Test("a fault with a chance strikes about so often, and the same calls for the same seed")
    func chance() async throws {
        let first = try await struck(0.25, seed: 7, of: 200)
        #expect((30...70).contains(first.count { $0 }))
        #expect(try await struck(0.25, seed: 7, of: 200) == first)
        #expect(try await struck(0.25, seed: 8, of: 200) != first)
        #expect(try await struck(0, seed: 7, of: 20).allSatisfy { !$0 })
        #expect(try await struck(1, seed: 7, of: 20).allSatisfy { $0 })
    }

    @Test("a fault can be kept for one task")
    func task() async throws {
        let emulation = try Emulation()
        let (first, second) = (try await emulation.job(), try await emulation.job())
        try await emulation.script("poll", "unknown_word", ["task": .string(second)])
        #expect(try await emulation.status(first) == "PENDING")
        #expect(try await emulation.status(second) == "REGENERATING")
    }
}
