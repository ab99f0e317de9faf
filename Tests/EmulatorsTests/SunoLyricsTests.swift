import HTTP
import JSON
import Testing

@Suite struct SunoLyricsTests {
    private let path = "/sunoapi/api/v1/generate/get-timestamped-lyrics"

    private func lyrics(_ emulation: Emulation, _ task: String, _ clip: String, key: String = "k-1")
        async throws -> JSONValue
    {
        let body: JSONValue = ["taskId": .string(task), "audioId": .string(clip)]
        return try await emulation.json(emulation.call(.post, path, key: key, body: body))
    }

    @Test("a job that grabbed its lyrics tells its words with their times")
    func words() async throws {
        let emulation = try Emulation()
        let id = try await emulation.job("soft rain falls", ["grabLyrics": true])
        emulation.clock.advance(by: .seconds(20))
        let answer = try await lyrics(emulation, id, "\(id)-2")
        #expect(answer["code"]?.integer == 200)
        let words = try #require(answer["data"]?["alignedWords"]?.array)
        #expect(words.map { $0["word"]?.string } == ["soft ", "rain ", "falls "])
        #expect(words.allSatisfy { $0["success"]?.bool == true && $0["palign"]?.double != nil })
        #expect(words.first?["startS"]?.double == 0)
        #expect(words.last?["endS"]?.double == 11.2)
        #expect(zip(words, words.dropFirst()).allSatisfy { $0["endS"] == $1["startS"] })
        #expect(try await emulation.lastCall()["operation"]?.string == "lyrics")
        #expect(try await emulation.lastCall()["task"]?.string == id)
    }

    @Test("anything else is refused in the envelope")
    func refusals() async throws {
        let emulation = try Emulation()
        let (with, without) = (
            try await emulation.job("rain", ["grabLyrics": true]), try await emulation.job()
        )
        #expect(try await lyrics(emulation, with, "\(with)-1")["code"]?.integer == 422)
        emulation.clock.advance(by: .seconds(15))
        #expect(try await lyrics(emulation, with, "\(with)-1")["code"]?.integer == 200)
        #expect(try await lyrics(emulation, with, "\(with)-2")["code"]?.integer == 422)
        #expect(try await lyrics(emulation, without, "\(without)-1")["code"]?.integer == 400)
        #expect(try await lyrics(emulation, with, "")["code"]?.integer == 400)
        #expect(try await lyrics(emulation, "x", "x-1")["code"]?.integer == 422)
        #expect(try await lyrics(emulation, with, "\(with)-1", key: "k-2")["code"]?.integer == 422)
        try await emulation.script("lyrics", "refuse", ["code": 430])
        #expect(try await lyrics(emulation, with, "\(with)-1")["code"]?.integer == 430)
    }
}
