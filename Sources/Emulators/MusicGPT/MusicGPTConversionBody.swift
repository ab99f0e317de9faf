import JSON
import Synthesis
import Telemetry

/// The `conversion` of a poll, in the form of a profile.
struct MusicGPTConversionBody {
    let job: MusicGPTJob
    let state: MusicGPTState
    /// The state's name.
    let word: String
    let date: Timestamp

    /// The members that both forms have.
    private var common: JSONObject {
        var body: JSONObject = ["task_id": .string(job.id)]
        body["status"] = .string(word)
        body["status_msg"] = .string(message)
        body["createdAt"] = .string(job.date.description)
        body["updatedAt"] = .string(date.description)
        if state == .flagged {
            body["is_flagged"] = true
            body["reason"] = .string(MusicGPTConversionBody.reason)
        }
        return body
    }

    /// Why moderation refuses; the words are ours.
    static let reason = "The prompt was flagged by moderation."

    private var message: String {
        switch state {
        case .queued, .running, .firstReady: ""
        case .completed: "Conversion completed"
        case .failed: "Conversion failed"
        case .flagged: MusicGPTConversionBody.reason
        }
    }

    /// The generic page's form, about one version.
    func documented(_ version: Int) -> JSONObject {
        let isReady = job.readyVersions(in: state) > version
        let lyrics = isReady ? MusicGPTLyrics(job, version: version)?.text : nil
        var body = common
        body["conversion_id"] = .string(job.conversions[version])
        body["audio_url"] = isReady ? .string(job.url(version, "mp3")) : .null
        body["conversion_cost"] = .number(MusicGPTSettings.price)
        body["title"] = isReady ? .string(job.title(version)) : .null
        body["lyrics"] = JSONValue(orNull: lyrics)
        body["music_style"] = JSONValue(orNull: job.style)
        return body
    }

    /// What independent programs read.
    var observed: JSONObject {
        var body = common
        body["message"] = .string(message)
        guard job.request.isMusic else {
            body["conversion_id"] = .string(job.conversions[0])
            for member in paths(0, suffix: "") { body[member.key] = member.value }
            return body
        }
        for (version, conversion) in job.conversions.enumerated() {
            body["conversion_id_\(version + 1)"] = .string(conversion)
        }
        for version in 0..<job.conversions.count {
            for member in paths(version, suffix: "_\(version + 1)") { body[member.key] = member.value }
        }
        let isCompleted = state == .completed
        body["album_cover_path"] = isCompleted ? .string(job.coverURL) : .null
        body["album_cover_thumbnail"] = isCompleted ? .string(job.coverURL) : .null
        body["music_style"] = JSONValue(orNull: job.style)
        return body
    }

    /// The sound webhook's maps in place of its paths.
    var maps: JSONObject {
        var body = common
        body["conversion_id"] = .string(job.conversions[0])
        if state == .completed { for member in job.maps { body[member.key] = member.value } }
        return body
    }

    private func paths(_ version: Int, suffix: String) -> JSONObject {
        let isReady = job.readyVersions(in: state) > version
        var body: JSONObject = [:]
        body["conversion_path\(suffix)"] = isReady ? .string(job.url(version, "mp3")) : .null
        body["conversion_path_wav\(suffix)"] = isReady ? .string(job.url(version, "wav")) : .null
        body["conversion_duration\(suffix)"] = isReady ? .number(job.duration(version)) : .null
        body["title\(suffix)"] = isReady ? .string(job.title(version)) : .null
        guard job.request.isMusic else { return body }
        let lyrics = isReady ? MusicGPTLyrics(job, version: version) : nil
        body["lyrics\(suffix)"] = JSONValue(orNull: lyrics?.text)
        body["lyrics_timestamped\(suffix)"] = JSONValue(orNull: lyrics?.timed)
        return body
    }
}

extension MusicGPTJob {
    var coverURL: String { "\(address)/covers/\(id).png" }

    /// A song's style as it was asked for.
    var style: String? {
        if case .music(let request) = request { request.style } else { nil }
    }

    func title(_ version: Int) -> String { Synthesizer(specification(version)).title }

    /// The maps by conversion id, whose addresses have the bucket's prefix twice, as the page's own sample has them.
    var maps: JSONObject {
        func map(_ fileExtension: String) -> JSONValue {
            let entries = conversions.enumerated().map { version, conversion in
                (conversion, JSONValue.string("\(address)/\(url(version, fileExtension))"))
            }
            return .object(JSONObject(entries))
        }
        let durations = conversions.enumerated().map { ($1, JSONValue.number(duration($0))) }
        return [
            "conversion_paths": map("mp3"), "conversion_paths_wav": map("wav"),
            "conversion_durations": .object(JSONObject(durations)),
        ]
    }
}

extension JSONObject {
    /// An object of pairs, in order.
    fileprivate init(_ pairs: [(String, JSONValue)]) {
        self.init()
        for (key, value) in pairs { self[key] = value }
    }
}
