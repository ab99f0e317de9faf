import Emulators
import HTTP
import JSON
import Testing

@Suite struct SunoPollTests {
    static let moments: [(Duration, String, Int?)] = [
        (.zero, "PENDING", nil),
        (.milliseconds(4999), "PENDING", nil),
        (.seconds(5), "TEXT_SUCCESS", 0),
        (.seconds(15), "FIRST_SUCCESS", 1),
        (.milliseconds(19_999), "FIRST_SUCCESS", 1),
        (.seconds(20), "SUCCESS", 2),
        (.seconds(5000), "SUCCESS", 2),
    ]

    @Test("a job goes through the vendor's states with its age", arguments: moments)
    func phases(_ age: Duration, _ status: String, _ clips: Int?) async throws {
        let emulation = try Emulation()
        let id = try await emulation.job()
        emulation.clock.advance(by: age)
        let data = try await emulation.poll(id)["data"]
        #expect(data?["status"]?.string == status)
        #expect(data?["response"]?["sunoData"]?.array?.count == clips)
        #expect(data?["response"]?.isNull == (clips == nil))
    }

    @Test("speed divides all times")
    func speed() async throws {
        let emulation = try Emulation { $0.speed = 10 }
        let id = try await emulation.job()
        emulation.clock.advance(by: .milliseconds(1999))
        #expect(try await emulation.status(id) == "FIRST_SUCCESS")
        emulation.clock.advance(by: .milliseconds(1))
        #expect(try await emulation.status(id) == "SUCCESS")
    }

    @Test("the states between can be left out, and the time changed")
    func direct() async throws {
        let emulation = try Emulation()
        try await emulation.turn("phases", "direct")
        try await emulation.turn("generation_seconds", 4)
        let id = try await emulation.job()
        emulation.clock.advance(by: .milliseconds(3999))
        #expect(try await emulation.status(id) == "PENDING")
        emulation.clock.advance(by: .milliseconds(1))
        #expect(try await emulation.status(id) == "SUCCESS")
    }

    @Test("a finished record has all the documented names")
    func names() async throws {
        let emulation = try Emulation()
        let id = try await emulation.job("soft rain", ["soundKey": "A#m"])
        emulation.clock.advance(by: .seconds(20))
        let answer = try await emulation.poll(id)
        #expect(answer["code"]?.integer == 200)
        let data = try #require(answer["data"]?.object)
        #expect(
            Set(data.keys) == [
                "taskId", "parentMusicId", "param", "response", "status", "type", "operationType",
                "errorCode",
                "errorMessage", "createTime",
            ]
        )
        #expect(data["taskId"]?.string == id)
        let parameters = try JSONValue(parsing: try #require(data["param"]?.string))
        #expect(parameters["soundKey"]?.string == "A#m")
        #expect(data["response"]?["taskId"]?.string == id)
        #expect(data["createTime"]?.integer ?? 0 > 1_700_000_000_000)
        let clip = try #require(data["response"]?["sunoData"]?[0]?.object)
        #expect(
            Set(clip.keys) == [
                "id", "audioUrl", "sourceAudioUrl", "streamAudioUrl", "sourceStreamAudioUrl", "imageUrl",
                "sourceImageUrl", "prompt", "modelName", "title", "tags", "createTime", "duration",
            ]
        )
        #expect(clip["modelName"]?.string == "chirp-crow")
        #expect(clip["duration"]?.double == 12)
    }

    @Test("in snake_case every name is so, by switch and for one call by fault")
    func snakeCase() async throws {
        let emulation = try Emulation()
        let id = try await emulation.job()
        emulation.clock.advance(by: .seconds(20))
        try await emulation.script("poll", "snake_case")
        let once = try await emulation.poll(id)["data"]
        #expect(once?["response"]?["suno_data"]?[0]?["audio_url"]?.string?.hasSuffix(".mp3") == true)
        #expect(try await emulation.poll(id)["data"]?["taskId"]?.string == id)
        try await emulation.turn("snake_case", true)
        #expect(try await emulation.poll(id)["data"]?["task_id"]?.string == id)
    }

    @Test("a job can make one clip")
    func oneClip() async throws {
        let emulation = try Emulation()
        try await emulation.turn("clips", 1)
        let id = try await emulation.job()
        #expect(try await emulation.finishedFiles(id).count == 1)
    }

    @Test("a task that is unknown, or another key's, has no record")
    func unknown() async throws {
        let emulation = try Emulation()
        let id = try await emulation.job()
        for answer in [try await emulation.poll("nothing"), try await emulation.poll(id, key: "k-2")] {
            #expect(answer["code"]?.integer == 422)
            #expect(answer["msg"]?.string == "record is null")
        }
        #expect(try await emulation.poll("")["code"]?.integer == 400)
    }

    @Test("only the last tasks and calls are remembered")
    func retention() async throws {
        let emulation = try Emulation { $0.retention = 3 }
        var ids: [String] = []
        for _ in 0..<5 { ids.append(try await emulation.job()) }
        #expect(try await emulation.poll(ids[1])["code"]?.integer == 422)
        #expect(try await emulation.poll(ids[2])["code"]?.integer == 200)
        let calls = try await emulation.control(.get, "log")
        #expect(calls["total"]?.integer == 7)
        #expect(calls["calls"]?.array?.compactMap { $0["seq"]?.integer } == [5, 6, 7])
        let tasks = try await emulation.control(.get, "tasks")
        #expect(tasks["accepted"]?.integer == 5)
        #expect(tasks["tasks"]?.array?.compactMap { $0["id"]?.string } == Array(ids.suffix(3)))
    }
}
