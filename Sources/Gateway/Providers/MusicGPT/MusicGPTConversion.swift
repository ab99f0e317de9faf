import JSON
import Sound

/// The `conversion` in an answer of `byId`: a status word and the takes that are there.
///
/// The documented body has one `audio_url`; programs in the wild read `conversion_path`, or `conversion_path_1` and
/// `conversion_path_2` of a song. All are looked for, in the order in which they are the likelier.
struct MusicGPTConversion {
    private let body: JSONObject

    init(_ body: JSONObject) { self.body = body }

    var observation: Observation {
        if body["is_flagged"]?.bool == true {
            let message = "the provider's moderation refused the prompt or the result"
            return Observation(
                .failed(Failure(.contentPolicy, message, providerCode: "is_flagged")),
                cost: cost
            )
        }
        let (word, takes) = (body["status"]?.string ?? "", takes)
        switch word.uppercased() {
        // The second of each pair stands in older pages.
        case "IN_QUEUE", "PENDING": return Observation(.queued, results: takes, cost: cost)
        case "IN_PROGRESS", "PROCESSING": return Observation(.running, results: takes, cost: cost)
        case "COMPLETED" where takes.isEmpty:
            // Paid for, and perhaps only late: asked again until the deadline.
            return Observation(.running, cost: cost, unknownWord: "COMPLETED without audio")
        case "COMPLETED": return Observation(.succeeded, progress: 1, results: takes, cost: cost)
        case "FAILED", "ERROR":
            let message = "the provider could not make the sound"
            return Observation(
                .failed(Failure(.providerFailed, message, providerCode: word)),
                cost: cost
            )
        default: return Observation(.running, results: takes, cost: cost, unknownWord: word)
        }
    }

    /// The takes that have an address, each under its conversion's id.
    var takes: [RemoteResult] {
        let numbered = versions
        let single = text("conversion_path").map { take(singleKey, path: $0, version: nil) }
        if let single, !numbered.contains(where: { $0.key == single.key }) { return [single] + numbered }
        if !numbered.isEmpty { return numbered }
        if let url = text("audio_url") { return [take(singleKey, path: url, version: nil)] }
        return (body["conversion_paths"]?.object ?? [:]).sorted { $0.key < $1.key }.compactMap { member in
            Self.filled(member.value).map { take(member.key, path: $0, version: nil) }
        }
    }

    private var singleKey: String { text("conversion_id") ?? text("conversion_id_1") ?? "1" }

    /// A song's versions; the first may be there while the second is still worked on.
    private var versions: [RemoteResult] {
        [1, 2].compactMap { (number: Int) -> RemoteResult? in
            text("conversion_path_\(number)").map { path in
                take(text("conversion_id_\(number)") ?? "\(number)", path: path, version: number)
            }
        }
    }

    private func take(_ key: String, path: String, version: Int?) -> RemoteResult {
        let suffix = version.map { "_\($0)" } ?? ""
        let wave = text("conversion_path_wav\(suffix)") ?? Self.filled(body["conversion_paths_wav"]?[key])
        let url = Self.repaired(path)
        var encodings: [SoundFormat: String] = [:]
        if url.lowercased().hasSuffix(".wav") {
            encodings[.wav] = url
        } else {
            encodings[.mp3] = url
            encodings[.wav] = wave.map(Self.repaired)
        }
        return RemoteResult(
            key: key,
            url: url,
            encodings: encodings,
            title: text("title\(suffix)") ?? text("title"),
            lyrics: text("lyrics\(suffix)") ?? text("lyrics"),
            timedLyrics: MusicGPTLyrics.lines(body["lyrics_timestamped\(suffix)"]),
            coverURL: (text("album_cover_path") ?? text("album_cover_thumbnail")).map(Self.repaired)
        )
    }

    private var cost: Cost.Amount? { body["conversion_cost"]?.double.map(MusicGPT.credits) }

    private func text(_ name: String) -> String? { Self.filled(body[name]) }

    /// A text that says something.
    private static func filled(_ value: JSONValue?) -> String? {
        value?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Some addresses have the bucket's own in front a second time: what begins last is right.
    ///
    /// Documented by the vendor's own sample: `https://lalals.s3.amazonaws.com/https://lalals.s3.amazonaws.com/…`.
    private static func repaired(_ url: String) -> String {
        let start = ["http://", "https://"].compactMap { url.ranges(of: $0).last?.lowerBound }.max()
        return start.map { String(url[$0...]) } ?? url
    }
}
