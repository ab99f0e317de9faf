import JSON
import Telemetry

/// What a webhook tells.
enum MusicGPTWebhook: Sendable {
    /// A version of a song, from 0.
    case music(Int)
    case lyrics(Int)
    case cover, sound
    /// A version in the generic page's form.
    case generic(Int)

    /// For the record: the vendor's own word where it has one.
    var label: String {
        switch self {
        case .music: "music_ai"
        case .lyrics: "lyrics_timestamped"
        case .cover: "album_cover_generation"
        case .sound: "Sound Creator"
        case .generic: "generic"
        }
    }

    /// What tells it apart from the same job's others.
    var mark: String { "\(self)" }

    /// The webhooks of a job that ends well, in the order of the vendor's page.
    static func all(for request: MusicGPTRequest, isGeneric: Bool) -> [MusicGPTWebhook] {
        if isGeneric { return (0..<request.versions).map { .generic($0) } }
        switch request {
        case .sound: return [.sound]
        case .music(let song):
            return [.music(0), .music(1)] + (song.isInstrumental ? [] : [.lyrics(0), .lyrics(1)]) + [.cover]
        }
    }
}

/// The body of a webhook: most have no `status` and are told apart by `conversion_type` and `subtype`.
struct MusicGPTWebhookBody {
    let job: MusicGPTJob
    let date: Timestamp

    func json(_ webhook: MusicGPTWebhook) -> JSONObject {
        switch webhook {
        case .music(let version): music(version)
        case .lyrics(let version): lyrics(version)
        case .cover:
            [
                "success": true, "conversion_type": "Music AI", "subtype": "album_cover_generation",
                "task_id": .string(job.id), "image_path": .string(job.coverURL),
            ]
        case .sound: sound
        case .generic(let version): generic(version)
        }
    }

    /// A bad end.
    ///
    /// Its exact form is not known; `success` that is false, with a text, is what was seen.
    var failure: JSONObject {
        [
            "success": false, "conversion_type": .string(type), "task_id": .string(job.id),
            "conversion_id": .string(job.conversions[0]), "status_msg": "Conversion failed",
            "error": "Conversion failed",
        ]
    }

    /// A job that moderation has refused.
    ///
    /// The page's sample has `is_flagged` and `reason`; what else there is then is not known.
    var flagged: JSONObject {
        [
            "success": false, "conversion_type": .string(type), "task_id": .string(job.id),
            "conversion_id": .string(job.conversions[0]), "conversion_path": "", "conversion_path_wav": "",
            "is_flagged": true, "reason": .string(MusicGPTConversionBody.reason),
        ]
    }

    private var type: String { job.request.isMusic ? "Music AI" : "Sound Creator" }

    private func music(_ version: Int) -> JSONObject {
        let lyrics = MusicGPTLyrics(job, version: version)
        return [
            "success": true, "conversion_type": "Music AI", "subtype": "music_ai",
            "task_id": .string(job.id), "conversion_id": .string(job.conversions[version]),
            "conversion_path": .string(job.url(version, "mp3")),
            "conversion_path_wav": .string(job.url(version, "wav")),
            "conversion_duration": .number(job.duration(version)), "is_flagged": false, "reason": "",
            "lyrics": .string(lyrics?.text ?? ""), "lyrics_timestamped": .string(lyrics?.timed ?? ""),
            "title": .string(job.title(version)),
        ]
    }

    private func lyrics(_ version: Int) -> JSONObject {
        [
            "success": true, "conversion_type": "Music AI", "subtype": "lyrics_timestamped",
            "task_id": .string(job.id), "conversion_id": .string(job.conversions[version]),
            "lyrics_timestamped": .string(MusicGPTLyrics(job, version: version)?.timed ?? "[]"),
        ]
    }

    private var sound: JSONObject {
        var body: JSONObject = [
            "success": true, "conversion_type": "Sound Creator", "task_id": .string(job.id),
            "conversion_id": .string(job.conversions[0]), "conversion_path": .string(job.url(0, "mp3")),
            "conversion_path_wav": .string(job.url(0, "wav")),
            "conversion_duration": .number(job.duration(0)),
            "message": "Audio Generation Completed Successfully",
        ]
        for member in job.maps { body[member.key] = member.value }
        return body
    }

    private func generic(_ version: Int) -> JSONObject {
        let conversion = MusicGPTConversionBody(job: job, state: .completed, word: "COMPLETED", date: date)
        var body: JSONObject = ["success": true, "conversion_type": .string(job.request.type)]
        for member in conversion.documented(version) { body[member.key] = member.value }
        return body
    }
}
