import AudioFile
import HTTP
import HTTPServer
import JSON
import Testing

@Suite struct MusicGPTAudioTests {
    @Test("a sound is real audio of the asked length, in both formats", arguments: [AudioFormat.mp3, .wav])
    func sound(_ format: AudioFormat) async throws {
        let emulation = try Emulation()
        try await emulation.turn("sound_profile", "observed", at: "musicgpt")
        let sound = try await emulation.sound("rain", ["audio_length": 3])
        emulation.clock.advance(by: .seconds(20))
        let conversion = try await emulation.conversion(sound, "SOUND_GENERATOR")
        let path = try emulation.target(
            conversion[format == .mp3 ? "conversion_path" : "conversion_path_wav"]
        )
        let response = try await emulation.call(.get, path, key: nil)
        #expect(response.status == .ok)
        #expect(response.fields["Content-Type"] == format.contentType)
        let recording = try Recording(try await response.collectBody())
        #expect(recording.format == format)
        #expect(recording.duration == 3)
        #expect(recording.peak > 0.05)
    }

    @Test("a song's versions differ, and each is there when the poll says so")
    func versions() async throws {
        let emulation = try Emulation()
        let song = try await emulation.song("calm piano", ["output_length": 2])
        let ids = ["conversion_id_1", "conversion_id_2"].map { song[$0]?.string ?? "" }
        let paths = ids.map { "/musicgpt/conversions/\($0).mp3" }
        emulation.clock.advance(by: .seconds(30))
        #expect(try await emulation.call(.get, paths[0], key: nil).status == .ok)
        #expect(try await emulation.call(.get, paths[1], key: nil).status == .notFound)
        emulation.clock.advance(by: .seconds(10))
        let conversion = try await emulation.conversion(song, "MUSIC_AI")
        #expect(try emulation.target(conversion["conversion_path_2"]) == paths[1])
        var files: [[UInt8]] = []
        for path in paths {
            files.append(try await emulation.call(.get, path, key: nil).collectBody())
            #expect(try Recording(files[files.count - 1]).duration == 2)
        }
        #expect(files[0] != files[1])
        let cover = try await emulation.call(.get, emulation.target(conversion["album_cover_path"]), key: nil)
        #expect(try await cover.collectBody().starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }

    @Test("equal requests sound the same when that is set, whoever is called back")
    func repeats() async throws {
        let emulation = try Emulation()
        try await emulation.turn("repeat_audio", true, at: "musicgpt")
        var bodies: [[UInt8]] = []
        for token in ["a", "b"] {
            let url = JSONValue.string("http://gateway.test/\(token)")
            let sound = try await emulation.sound("rain", ["audio_length": 1, "webhook_url": url])
            await emulation.pass(.seconds(20))
            let conversion = try await emulation.conversion(sound, "SOUND_GENERATOR")
            let path = try emulation.target(conversion["audio_url"])
            bodies.append(try await emulation.call(.get, path, key: nil).collectBody())
        }
        #expect(bodies[0] == bodies[1])
    }

    @Test("a file is refused to a call with credentials, and plays the storage's faults")
    func storage() async throws {
        let emulation = try Emulation()
        let sound = try await emulation.sound("rain", ["audio_length": 1])
        emulation.clock.advance(by: .seconds(20))
        let path = try emulation.target(
            try await emulation.conversion(sound, "SOUND_GENERATOR")["audio_url"]
        )
        #expect(try await emulation.call(.get, path).status == .badRequest)
        try await emulation.script("asset", "expired", at: "musicgpt")
        #expect(try await emulation.call(.get, path, key: nil).status == .forbidden)
        #expect(try await emulation.call(.get, path, key: nil).status == .ok)
        for wrong in ["x_sound.mp3", "x.mp3", "x", "\(sound["conversion_id"]?.string ?? "").mp3"] {
            let response = try await emulation.call(.get, "/musicgpt/conversions/\(wrong)", key: nil)
            #expect(response.status == .notFound)
        }
    }
}
