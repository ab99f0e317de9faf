import JSON
import Sound
import Testing

@Suite("Reading a request")
struct RequestReadingTests {
    @Test("every field is read into its own place")
    func everyField() throws {
        let request = try read(
            """
            {"prompt": "rain", "type": "music", "loop": true, "bpm": 120, "key": "Bb minor", "duration": 12.5,
             "variations": 2, "style": "jazz", "lyrics": "la", "negative_prompt": "drums", "instrumental": false,
             "vocals_only": true, "gender": "female", "voice": "v1", "timed_lyrics": true, "prompt_influence": 0.5,
             "seed": -7, "format": "flac", "temporary": true, "provider": ["b", "a"], "model": "V5",
             "accept": "hint", "max_cost": {"amount": 5, "unit": "credits"}, "deadline": 60,
             "metadata": {"scene": "3"}, "provider_options": {"a": {"x": [1]}}}
            """
        )
        var expected = SoundRequest(prompt: "rain", type: .music)
        expected.loop = true
        expected.bpm = 120
        expected.key = MusicalKey(tonic: 10, mode: .minor)
        expected.duration = 12.5
        expected.variations = 2
        expected.style = "jazz"
        expected.lyrics = "la"
        expected.negativePrompt = "drums"
        expected.instrumental = false
        expected.vocalsOnly = true
        expected.gender = .female
        expected.voice = "v1"
        expected.timedLyrics = true
        expected.promptInfluence = 0.5
        expected.seed = -7
        expected.format = .flac
        expected.temporary = true
        expected.providers = ["b", "a"]
        expected.model = "V5"
        expected.accept = .hint
        expected.maxCost = Cost.Amount(5, "credits")
        expected.deadline = 60
        expected.metadata = ["scene": "3"]
        expected.providerOptions = ["a": ["x": [1]]]
        #expect(request == expected)
    }

    @Test("a prompt alone is an effect that asks for nothing")
    func promptAlone() throws {
        let request = try read(#"{"prompt": "rain"}"#)
        #expect(request == SoundRequest(prompt: "rain", type: .effect))
        #expect(request.demands.isEmpty)
    }

    @Test("null means absent in every field", arguments: RequestField.allCases.filter { $0 != .prompt })
    func nulls(_ field: RequestField) throws {
        #expect(try read(adding: #""\#(field.rawValue)": null"#) == read(#"{"prompt": "rain"}"#))
    }

    @Test(
        "a field of the wrong type is refused by name",
        arguments: [
            ("type", "1"), ("loop", "1"), ("loop", #""true""#), ("bpm", #""120""#), ("bpm", "true"),
            ("bpm", "119.5"), ("key", "5"), ("duration", #""5""#), ("duration", "true"),
            ("variations", "[2]"),
            ("variations", "1.5"), ("style", "{}"), ("lyrics", "[]"), ("negative_prompt", "0"),
            ("instrumental", #""no""#), ("vocals_only", "0"), ("gender", "1"), ("voice", "9"),
            ("timed_lyrics", "{}"), ("prompt_influence", #""half""#), ("seed", "1.5"), ("seed", #""1""#),
            ("seed", "9223372036854775808"), ("seed", "-9223372036854775809"), ("format", "[]"),
            ("temporary", "1"), ("provider", "5"),
            ("provider", "[]"), ("provider", #"["a", 3]"#), ("model", "{}"), ("accept", "true"),
            ("max_cost", "5"), ("max_cost", #"{"amount": 5}"#), ("max_cost", #"{"unit": "credits"}"#),
            ("max_cost", #"{"amount": "5", "unit": "credits"}"#), ("deadline", #""60s""#), ("metadata", "[]"),
            ("metadata", #""x""#), ("provider_options", "[]"), ("provider_options", #""x""#),
        ]
    )
    func wrongTypes(_ field: String, _ value: String) throws {
        #expect(try faults(adding: #""\#(field)": \#(value)"#) == ["\(field) wrong_type"])
    }

    @Test(
        "a number is taken up to its limits and refused beyond",
        arguments: [
            ("bpm", "1", "300", "0", "301"), ("variations", "1", "10", "0", "11"),
            ("duration", "0.5", "600", "0.49", "600.5"), ("prompt_influence", "0", "1", "-0.1", "1.01"),
            ("deadline", "1", "86400", "0.5", "86401"),
        ]
    )
    func ranges(_ field: String, _ least: String, _ most: String, _ below: String, _ above: String) throws {
        for value in [least, most] { #expect(try faults(adding: #""\#(field)": \#(value)"#) == []) }
        for value in [below, above] {
            #expect(try faults(adding: #""\#(field)": \#(value)"#) == ["\(field) out_of_range"])
        }
    }

    @Test("a whole number may be written with a fraction of zero", arguments: ["119.0", "1.19e2", "119"])
    func wholeNumbers(_ text: String) throws {
        #expect(try read(adding: #""bpm": \#(text)"#).bpm == 119)
    }

    @Test("a seed takes the whole range of 64 bits", arguments: [Int64.min, -1, 0, .max])
    func seeds(_ seed: Int64) throws {
        #expect(try read(adding: #""seed": \#(seed)"#).seed == seed)
    }

    @Test("a key is normalized, and any is the same as none", arguments: ["any", "Any", "ANY"])
    func anyKey(_ word: String) throws {
        #expect(try read(adding: #""key": "\#(word)""#).key == nil)
        #expect(try read(adding: #""key": "db""#).key?.description == "C#")
        #expect(try faults(adding: #""key": "H""#) == ["key unknown_value"])
    }

    @Test(
        "an unknown word names the words there are and the nearest one",
        arguments: [
            ("type", "efect", "effect"), ("gender", "femal", "female"), ("format", "mp4", "mp3"),
            ("accept", "emulate", "emulated"),
        ]
    )
    func unknownWords(_ field: String, _ word: String, _ meant: String) throws {
        let found = try #require(try problems(#"{"prompt": "rain", "\#(field)": "\#(word)"}"#).first)
        #expect(found.field == field)
        #expect(found.code == .unknownValue)
        #expect(found.message.contains("did you mean \"\(meant)\"?"))
    }

    @Test(
        "an unknown field is refused with the nearest name",
        arguments: [
            ("tempo", nil), ("Bpm", "bpm"), ("promt", "prompt"), ("negativePrompt", "negative_prompt"),
            ("lopp", "loop"), ("zzzzzzzz", nil), ("", nil),
        ] as [(String, String?)]
    )
    func unknownFields(_ name: String, _ meant: String?) throws {
        let found = try problems(#"{"prompt": "rain", "\#(name)": null}"#)
        #expect(found.map(\.code) == [.unknownField])
        #expect(found.first?.field == name)
        if let meant { #expect(found.first?.message.contains("did you mean \"\(meant)\"?") == true) }
    }

    @Test("all problems come at once, in the order of the fields, unknown names last")
    func allAtOnce() throws {
        let found = try problems(
            """
            {"colour": 1, "metadata": 5, "deadline": 0, "accept": "never", "seed": 0.5, "format": "aiff", "bpm": 0,
             "loop": 1, "type": "noise", "prompt": 7}
            """
        )
        #expect(
            found.map(\.field) == [
                "prompt", "type", "loop", "bpm", "seed", "format", "accept", "deadline", "metadata", "colour",
            ]
        )
    }

    @Test("the body must be an object", arguments: ["[]", "null", "1", #""rain""#, "true"])
    func notAnObject(_ text: String) throws {
        #expect(try problems(text).map(\.code) == [.wrongType])
    }

    @Test("hostile texts are carried as they are")
    func hostileTexts() throws {
        let prompt = "a\u{0}b\u{202E}\u{1F3B5}'; DROP TABLE tasks; --\r\n"
        let json: JSONValue = ["prompt": .string(prompt)]
        #expect(try SoundRequest(json, knownProviders: nil).prompt == prompt)
    }
}
