import JSON
import Sound

/// Reads `lyrics_timestamped`: `[{"index", "text", "start", "end"}]` in milliseconds, as JSON within a JSON string.
enum MusicGPTLyrics {
    /// The lines in order; `nil` when there is no list (yet), empty when the list is.
    static func lines(_ value: JSONValue?) -> [TimedLine]? {
        let list =
            switch value {
            case .string(let text)?:
                (try? JSONValue(parsing: text, maximumValues: UpstreamReply.mostValues))?.array
            default: value?.array
            }
        return list?.compactMap { line in
            guard let text = line["text"]?.string, !text.isEmpty, let start = line["start"]?.double,
                let end = line["end"]?.double
            else { return nil }
            return TimedLine(text: text, start: start / 1000, end: end / 1000)
        }
    }
}
