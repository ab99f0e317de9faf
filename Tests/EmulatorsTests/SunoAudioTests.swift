import AudioFile
import Emulators
import HTTP
import HTTPServer
import JSON
import Testing

@Suite struct SunoAudioTests {
    private func recordings(
        _ prompt: String,
        _ more: JSONObject = [:],
        clips: Int = 1
    ) async throws -> [Recording] {
        let emulation = try Emulation()
        try await emulation.turn("clips", JSONValue(clips))
        // The same audio in every run, so that a measurement cannot pass by luck.
        try await emulation.turn("repeat_audio", true)
        let id = try await emulation.job(prompt, more)
        var recordings: [Recording] = []
        for target in try await emulation.finishedFiles(id) {
            let response = try await emulation.call(.get, target, key: nil)
            #expect(response.status == .ok)
            #expect(response.fields["Content-Type"] == "audio/mpeg")
            recordings.append(try Recording(try await response.collectBody()))
        }
        return recordings
    }

    @Test("a job makes two different MP3 files of plausible length that are heard")
    func clips() async throws {
        let recordings = try await recordings("soft rain", clips: 2)
        #expect(recordings.map(\.format) == [.mp3, .mp3])
        #expect(recordings.map(\.duration) == [12, 11.2])
        #expect(recordings.allSatisfy { $0.peak > 0.05 && $0.peak <= 1 })
        #expect(recordings[0].left.prefix(44_100) != recordings[1].left.prefix(44_100))
    }

    @Test(
        "a length said in the prompt is kept to",
        arguments: [
            ("rain, 3 seconds long", 3), ("a 1.5 second click", 1.5), ("2-second bell", 2),
            ("wind (1 sec)", 1),
        ]
    )
    func length(_ prompt: String, _ seconds: Double) async throws {
        #expect(try await recordings(prompt).map(\.duration) == [seconds])
    }

    @Test("beats fall where the tempo puts them", arguments: [90, 132])
    func tempo(_ tempo: Int) async throws {
        let recording = try #require(
            try await recordings("drum loop, 6 seconds long", ["soundTempo": JSONValue(tempo)]).first
        )
        #expect(recording.pulse(Double(tempo)) > 3)
        #expect(recording.pulse(Double(tempo)) > 1.5 * recording.pulse(Double(tempo) * 1.13))
    }

    @Test("without a said length a tempo gives whole bars")
    func bars() async throws {
        let emulation = try Emulation()
        let id = try await emulation.job("drum loop", ["soundTempo": 90])
        emulation.clock.advance(by: .seconds(20))
        let clips = try await emulation.poll(id)["data"]?["response"]?["sunoData"]
        #expect(clips?[0]?["duration"]?.double == 13.33)
    }

    @Test("the notes are those of the key", arguments: [("A#m", 10, true), ("E", 4, false)])
    func key(_ key: String, _ tonic: Int, _ isMinor: Bool) async throws {
        let recording = try #require(
            try await recordings("soft pad, 4 seconds long", ["soundKey": .string(key)]).first
        )
        let steps = isMinor ? [0, 2, 3, 5, 7, 8, 10] : [0, 2, 4, 5, 7, 9, 11]
        let scale = Set(steps.map { ($0 + tonic) % 12 })
        // Seven of twelve is chance.
        #expect(recording.share(of: scale) > 0.8)
    }

    @Test("a loop joins without a step", arguments: ["soft rain, 2 seconds long", "drone, 2 seconds long"])
    func loop(_ prompt: String) async throws {
        let recording = try #require(try await recordings(prompt, ["soundLoop": true]).first)
        let join = recording.join
        #expect(join.step <= join.largest)
        // What doesn't loop fades out: its end is silent, a loop's is not.
        let end = recording.left.suffix(2000).map(abs).max() ?? 0
        #expect(end > 0.01)
    }

    @Test("ranges, validators and HEAD work")
    func ranges() async throws {
        let emulation = try Emulation()
        let target = try await emulation.finishedFiles(emulation.job("click, 1 second long"))[0]
        let whole = try await emulation.call(.get, target, key: nil)
        let bytes = try await whole.collectBody()
        let tag = try #require(whole.fields["ETag"])
        let part = try await emulation.call(.get, target, key: nil, fields: ["Range": "bytes=10-19"])
        #expect(part.status == .partialContent)
        #expect(try await part.collectBody() == Array(bytes[10..<20]))
        #expect(part.fields["Content-Range"] == "bytes 10-19/\(bytes.count)")
        let same = try await emulation.call(.get, target, key: nil, fields: ["If-None-Match": tag])
        #expect(same.status == .notModified)
        let head = try await emulation.call(.head, target, key: nil)
        #expect(head.status == .ok)
    }

    @Test("the stream's address gives the same file as the one with an extension")
    func stream() async throws {
        let emulation = try Emulation()
        let target = try await emulation.finishedFiles(emulation.job("click, 1 second long"))[0]
        let file = try await emulation.call(.get, target, key: nil).collectBody()
        let stream = try await emulation.call(.get, String(target.dropLast(4)), key: nil).collectBody()
        #expect(file == stream)
    }

    @Test("a file is there when its clip is, and not before")
    func early() async throws {
        let emulation = try Emulation()
        let id = try await emulation.job("click, 1 second long")
        emulation.clock.advance(by: .seconds(14))
        #expect(try await emulation.call(.get, "/sunoapi/files/\(id)-1.mp3", key: nil).status == .notFound)
        emulation.clock.advance(by: .seconds(1))
        #expect(try await emulation.call(.get, "/sunoapi/files/\(id)-1.mp3", key: nil).status == .ok)
        #expect(try await emulation.call(.get, "/sunoapi/files/\(id)-2.mp3", key: nil).status == .notFound)
        emulation.clock.advance(by: .seconds(5))
        #expect(try await emulation.call(.get, "/sunoapi/files/\(id)-2.mp3", key: nil).status == .ok)
        #expect(try await emulation.call(.get, "/sunoapi/files/\(id)-3.mp3", key: nil).status == .notFound)
        #expect(try await emulation.call(.get, "/sunoapi/files/other", key: nil).status == .notFound)
    }

    @Test("a file refuses a key, and the log has it without the key itself")
    func credentials() async throws {
        let emulation = try Emulation()
        let target = try await emulation.finishedFiles(emulation.job("click, 1 second long"))[0]
        #expect(try await emulation.call(.get, target, key: "k-secret").status == .badRequest)
        let call = try await emulation.lastCall()
        #expect(call["auth"]?.string == "Bearer")
        #expect(call["outcome"]?.string == "credentials refused")
        #expect(!call.description.contains("secret"))
        try await emulation.turn("refuse_asset_credentials", false)
        #expect(try await emulation.call(.get, target, key: "k-secret").status == .ok)
    }

    @Test("equal requests sound different, unless that is switched off")
    func repetition() async throws {
        let emulation = try Emulation()
        func audio() async throws -> [UInt8] {
            let target = try await emulation.finishedFiles(emulation.job("rain, 1 second long"))[0]
            return try await emulation.call(.get, target, key: nil).collectBody()
        }
        #expect(try await audio() != audio())
        try await emulation.turn("repeat_audio", true)
        #expect(try await audio() == audio())
    }

    @Test("a file that was dropped from disk is made again with the same bytes")
    func eviction() async throws {
        let emulation = try Emulation { $0.keptFiles = 1 }
        let targets = try await emulation.finishedFiles(emulation.job("rain, 1 second long"))
        let first = try await emulation.call(.get, targets[0], key: nil).collectBody()
        _ = try await emulation.call(.get, targets[1], key: nil).collectBody()
        #expect(try await emulation.call(.get, targets[0], key: nil).collectBody() == first)
    }

    @Test("the first byte waits for the latency")
    func latency() async throws {
        let emulation = try Emulation { $0.assetLatency = .seconds(3) }
        let target = try await emulation.finishedFiles(emulation.job("click, 1 second long"))[0]
        async let response = emulation.call(.get, target, key: nil)
        await emulation.clock.someoneSleeps()
        emulation.clock.advance(by: .seconds(3))
        #expect(try await response.status == .ok)
    }
}
