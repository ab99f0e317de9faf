import JSON
import Sound
import Testing

@Suite("A request's JSON")
struct RoundTripTests {
    static let bodies = [
        #"{"prompt": "rain"}"#,
        #"{"prompt": "rain", "type": "music"}"#,
        #"{"lyrics": "la\nla", "style": "jazz"}"#,
        #"{"prompt": "x", "type": "effect", "instrumental": false, "vocals_only": false, "loop": false}"#,
        #"{"prompt": "x", "instrumental": false}"#,
        #"{"prompt": "x", "bpm": 119.0, "key": "Db minor", "duration": 600, "variations": 10}"#,
        #"{"prompt": "x", "duration": 0.1e1, "prompt_influence": 0.1, "deadline": 1.5}"#,
        #"{"prompt": "x", "seed": -9223372036854775808}"#,
        #"{"prompt": "x", "seed": 9223372036854775807, "temporary": true, "format": "ogg"}"#,
        #"{"prompt": "x", "provider": "a", "model": "V5", "accept": "native"}"#,
        #"{"prompt": "x", "provider": ["b", "a"], "max_cost": {"amount": 2.5, "unit": "credits"}}"#,
        #"{"prompt": "x", "metadata": {"b": "1", "a": "", "é": "\u0000"}}"#,
        #"{"prompt": "x", "provider_options": {"a": {"n": 1, "f": 0.5, "z": null, "deep": [{"k": [true]}]}}}"#,
        #"{"prompt": "x", "gender": "neutral", "voice": "v", "timed_lyrics": true, "negative_prompt": "n"}"#,
        #"{"prompt": "x", "webhook_url": "https://example.com/hook?a=b"}"#,
    ]

    @Test("what is stored reads back as the same request", arguments: bodies)
    func roundTrip(_ body: String) throws {
        let request = try read(body)
        let text = String(decoding: JSONValue.object(request.json).serialized(), as: UTF8.self)
        #expect(try read(text) == request)
    }

    @Test("only what was set is shown, the type always")
    func shown() throws {
        let request = try read(#"{"prompt": "rain", "loop": null, "bpm": 90}"#)
        #expect(request.json == ["prompt": "rain", "type": "effect", "bpm": 90])
    }

    @Test("a switch that is off asks for nothing, every other field that is set does")
    func demands() throws {
        let all = try read(
            """
            {"prompt": "x", "loop": true, "bpm": 1, "key": "C", "duration": 1, "variations": 1, "style": "s",
             "lyrics": "l", "negative_prompt": "n", "instrumental": true, "gender": "male", "voice": "v",
             "timed_lyrics": true, "prompt_influence": 0, "seed": 0, "format": "wav", "temporary": true,
             "model": "m", "accept": "hint", "deadline": 5, "webhook_url": "https://a.example/",
             "metadata": {"a": "b"}}
            """
        )
        #expect(all.demands == RequestField.demands.filter { $0 != .vocalsOnly })
        let off = try read(
            #"""
            {"prompt": "x", "loop": false, "instrumental": false, "vocals_only": false, "timed_lyrics": false,
             "temporary": false}
            """#
        )
        #expect(off.demands == [])
    }
}
