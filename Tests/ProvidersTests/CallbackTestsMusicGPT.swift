import HTTP
import Providers
import Testing

@Suite("Webhooks of MusicGPT")
struct MusicGPTCallbackTests {
    private static let bucket = "https://lalals.s3.amazonaws.com"

    @Test(
        "each kind is a reason to ask and no more; a cover is none",
        arguments: [
            (
                "a sound",
                #"""
                {"success": true, "conversion_type": "Sound Creator", "task_id": "t-1", "conversion_id": "c-1",
                 "conversion_path": "\#(bucket)/conversions/t-1_sound.mp3", "conversion_duration": 2.0897,
                 "message": "Audio Generation Completed Successfully",
                 "conversion_paths": {"c-1": "\#(bucket)/\#(bucket)/conversions/t-1_sound.mp3"}}
                """#, CallbackNews.hint(job: "t-1")
            ),
            (
                "a version of a song",
                #"""
                {"success": true, "conversion_type": "Music AI", "subtype": "music_ai", "task_id": "t-1",
                 "conversion_id": "a", "conversion_path": "\#(bucket)/conversions/a.mp3", "is_flagged": false,
                 "reason": "", "lyrics": "la", "lyrics_timestamped": "[]", "title": "One"}
                """#, .hint(job: "t-1")
            ),
            (
                "a flagged version",
                #"{"success": true, "conversion_type": "Music AI", "task_id": "t-1", "is_flagged": true}"#,
                .hint(job: "t-1")
            ),
            (
                "timed lyrics",
                #"""
                {"subtype": "lyrics_timestamped", "task_id": "t-1", "conversion_id": "a",
                 "lyrics_timestamped": "[{\"index\":0,\"text\":\"la\",\"start\":1200,\"end\":2400}]"}
                """#, .hint(job: "t-1")
            ),
            (
                "a cover",
                #"{"subtype": "album_cover_generation", "success": true, "task_id": "t-1", "image_path": "x.png"}"#,
                .irrelevant
            ),
            (
                "a cover without its mark", #"{"success": true, "task_id": "t-1", "image_path": "x.png"}"#,
                .irrelevant
            ),
            (
                "the generic form",
                #"""
                {"conversion_type": "MUSIC_AI", "status": "COMPLETED", "task_id": "t-1",
                 "audio_url": "\#(bucket)/conversions/t-1.mp3", "conversion_cost": 0.99}
                """#, .hint(job: "t-1")
            ),
            (
                "a failure", #"{"success": false, "task_id": "t-1", "status_msg": "no"}"#, .hint(job: "t-1")
            ),
            (
                "a failure with a picture",
                #"{"success": false, "task_id": "t-1", "error": "no", "image_path": ""}"#, .hint(job: "t-1")
            ),
            ("a kind that nobody knows", #"{"subtype": "stems", "task_id": "t-1"}"#, .hint(job: "t-1")),
            ("a job without a name", #"{"success": true, "conversion_id": "a"}"#, .hint(job: nil)),
            ("an empty name", #"{"success": true, "task_id": ""}"#, .hint(job: nil)),
            ("no object", "[]", .irrelevant),
        ]
    )
    func kinds(_ kind: String, _ body: String, _ expected: CallbackNews) throws {
        let reader = try CallbackReader("musicgpt")
        #expect(!reader.reader.isSigned)
        for secret in [nil, "key"] {
            #expect(reader.news(body, secret: secret) == expected)
            #expect(reader.news(body, ["X-Webhook-Signature": "x"], secret: secret) == expected)
        }
    }
}
