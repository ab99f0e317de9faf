import HTTP
import HTTPServer
import JSON
import Testing

@Suite struct MusicGPTPollTests {
    static let moments: [(Duration, String, [Bool])] = [
        (.zero, "IN_QUEUE", [false, false]),
        (.seconds(10), "IN_PROGRESS", [false, false]),
        (.seconds(30), "IN_PROGRESS", [true, false]),
        (.milliseconds(39_999), "IN_PROGRESS", [true, false]),
        (.seconds(40), "COMPLETED", [true, true]),
    ]

    @Test(
        "a song goes through the states with its age, and its first version comes first",
        arguments: moments
    )
    func song(_ age: Duration, _ status: String, _ versions: [Bool]) async throws {
        let emulation = try Emulation()
        let song = try await emulation.song()
        emulation.clock.advance(by: age)
        let conversion = try await emulation.conversion(song, "MUSIC_AI")
        #expect(conversion["status"]?.string == status)
        for (version, isThere) in zip(1..., versions) {
            for name in ["path", "path_wav", "duration"] {
                #expect(conversion["conversion_\(name)_\(version)"]?.isNull == !isThere)
            }
            #expect(conversion["conversion_id_\(version)"] == song["conversion_id_\(version)"])
        }
    }

    @Test("without early versions both come at the end")
    func noEarlyVersion() async throws {
        let emulation = try Emulation()
        try await emulation.turn("early_version", false, at: "musicgpt")
        let song = try await emulation.song()
        emulation.clock.advance(by: .milliseconds(39_999))
        let conversion = try await emulation.conversion(song, "MUSIC_AI")
        #expect(conversion["conversion_path_1"]?.isNull == true)
    }

    @Test("the generic page's form has one conversion", arguments: ["SOUND_GENERATOR", "MUSIC_AI"])
    func documented(_ type: String) async throws {
        let emulation = try Emulation()
        try await emulation.turn("music_profile", "documented", at: "musicgpt")
        let isMusic = type == "MUSIC_AI"
        let created = try await isMusic ? emulation.song("sea", ["music_style": "Pop"]) : emulation.sound()
        #expect(try await emulation.conversion(created, type)["audio_url"]?.isNull == true)
        emulation.clock.advance(by: .seconds(40))
        let conversion = try await emulation.conversion(created, type)
        #expect(
            Set(conversion.object?.keys.map(\.self) ?? []) == [
                "task_id", "conversion_id", "status", "status_msg", "audio_url", "conversion_cost", "title",
                "lyrics", "music_style", "createdAt", "updatedAt",
            ]
        )
        #expect(conversion["conversion_id"] == created[isMusic ? "conversion_id_1" : "conversion_id"])
        #expect(conversion["conversion_cost"]?.double == 0.99)
        #expect(conversion["music_style"] == (isMusic ? "Pop" : .null))
        guard isMusic else { return }
        let second = try #require(created["conversion_id_2"]?.string)
        let response = try await emulation.byID("conversionType=MUSIC_AI&conversion_id=\(second)")
        let other = try await emulation.json(response)["conversion"]
        #expect(other?["conversion_id"]?.string == second)
        #expect(other?["audio_url"]?.string?.contains(second) == true)
    }

    @Test("a sound has the paths that were seen, or the webhook's maps, when that is set")
    func soundProfiles() async throws {
        let emulation = try Emulation()
        let sound = try await emulation.sound("rain", ["audio_length": 3])
        emulation.clock.advance(by: .seconds(20))
        try await emulation.turn("sound_profile", "observed", at: "musicgpt")
        let observed = try await emulation.conversion(sound, "SOUND_GENERATOR")
        #expect(observed["conversion_path"]?.string?.hasSuffix("_sound.mp3") == true)
        #expect(observed["conversion_path_wav"]?.string?.hasSuffix("_sound.wav") == true)
        #expect(observed["conversion_duration"]?.double == 3)
        try await emulation.turn("sound_profile", "maps", at: "musicgpt")
        let maps = try await emulation.conversion(sound, "SOUND_GENERATOR")
        let id = try #require(sound["conversion_id"]?.string)
        #expect(maps["conversion_path"] == nil)
        #expect(maps["conversion_paths"]?[id]?.string?.matches(of: /http:/).count == 2)
        #expect(maps["conversion_durations"]?[id]?.double == 3)
    }

    @Test("timed lyrics are a string of JSON in milliseconds")
    func lyrics() async throws {
        let emulation = try Emulation()
        let song = try await emulation.song("sea", ["lyrics": "one\ntwo\nthree", "output_length": 6])
        emulation.clock.advance(by: .seconds(40))
        let conversion = try await emulation.conversion(song, "MUSIC_AI")
        #expect(conversion["lyrics_2"]?.string == "one\ntwo\nthree")
        let timed = try JSONValue(parsing: try #require(conversion["lyrics_timestamped_2"]?.string))
        #expect(timed[1] == ["index": 1, "text": "two", "start": 2000, "end": 4000])
        let silent = try await emulation.song("sea", ["make_instrumental": true])
        emulation.clock.advance(by: .seconds(40))
        let instrumental = try await emulation.conversion(silent, "MUSIC_AI")
        #expect(instrumental["lyrics_1"]?.isNull == true)
        #expect(instrumental["lyrics_timestamped_1"]?.isNull == true)
    }

    @Test(
        "a poll names a known type and one id, and gets 422 otherwise",
        arguments: [
            ("task_id=T", 422), ("conversionType=SOUND_GENERATOR", 422),
            ("conversionType=SOUND_GENERATOR&task_id=T&conversion_id=C", 422),
            ("conversionType=SOUNDS&task_id=T", 422), ("conversionType=SOUND_GENERATOR&task_id=T", 200),
            ("conversionType=SOUND_GENERATOR&conversion_id=C", 200),
            ("conversionType=MUSIC_AI&task_id=T", 404),
            ("conversionType=SOUND_GENERATOR&task_id=C", 404),
        ]
    )
    func query(_ query: String, _ status: Int) async throws {
        let emulation = try Emulation()
        let sound = try await emulation.sound()
        let spelled = query.replacing("=T", with: "=\(sound["task_id"]?.string ?? "")")
            .replacing("=C", with: "=\(sound["conversion_id"]?.string ?? "")")
        let response = try await emulation.byID(spelled)
        #expect(response.status.code == status)
        #expect(try await emulation.json(response)["success"]?.bool == (status == 200))
        if status == 200 {
            #expect(try await emulation.byID(spelled, authorization: "k-2").status == .notFound)
            #expect(try await emulation.lastCall()["task"] == sound["task_id"])
        }
    }

    @Test("a fate is for good, in the word that is set", arguments: ["failed", "sensitive", "never"])
    func fates(_ fault: String) async throws {
        let emulation = try Emulation()
        try await emulation.turn("failure_word", "ERROR", at: "musicgpt")
        try await emulation.script("poll", fault, at: "musicgpt")
        let song = try await emulation.song()
        for _ in 0..<2 {
            let conversion = try await emulation.conversion(song, "MUSIC_AI")
            #expect(conversion["status"]?.string == (fault == "never" ? "IN_QUEUE" : "ERROR"))
            #expect((conversion["is_flagged"]?.bool == true) == (fault == "sensitive"))
            #expect(conversion["status_msg"]?.string?.isEmpty == (fault == "never"))
            #expect(conversion["conversion_path_1"]?.isNull == true)
            emulation.clock.advance(by: .seconds(60))
        }
    }

    @Test("states have their older names when that is set, and one poll a word that nobody knows")
    func words() async throws {
        let emulation = try Emulation()
        try await emulation.turn("status_words", "older", at: "musicgpt")
        let sound = try await emulation.sound()
        #expect(sound["status"]?.string == "PENDING")
        emulation.clock.advance(by: .seconds(5))
        let type = "SOUND_GENERATOR"
        #expect(try await emulation.conversion(sound, type)["status"]?.string == "PROCESSING")
        try await emulation.script("poll", "unknown_word", ["word": "DREAMING"], at: "musicgpt")
        #expect(try await emulation.conversion(sound, type)["status"]?.string == "DREAMING")
        try await emulation.script("poll", "not_found", at: "musicgpt")
        let id = try #require(sound["task_id"]?.string)
        #expect(try await emulation.byID("conversionType=\(type)&task_id=\(id)").status == .notFound)
    }
}
