import JSON

/// The lines of a song and when each is sung.
struct MusicGPTLyrics: Sendable {
    let lines: [String]
    /// Of the song, in seconds.
    let duration: Double

    /// A version's lyrics: those that were asked for, else made of the prompt; `nil` for what is not sung.
    init?(_ job: MusicGPTJob, version: Int) {
        guard case .music(let request) = job.request, !request.isInstrumental else { return nil }
        if let lyrics = request.lyrics {
            lines = lyrics.split(whereSeparator: \.isNewline).map { String($0) }
        } else {
            let words = (request.prompt ?? request.style ?? "").split(separator: " ")
            lines = stride(from: 0, to: words.count, by: 4).map { start in
                words[start..<min(start + 4, words.count)].joined(separator: " ")
            }
        }
        duration = job.duration(version)
    }

    var text: String { lines.joined(separator: "\n") }

    /// The lines with their times in milliseconds, as the text of a JSON array: the vendor wraps it in a string.
    var timed: String {
        let share = duration * 1000 / Double(max(lines.count, 1))
        let timed = lines.enumerated().map { index, line -> JSONValue in
            [
                "index": JSONValue(index),
                "text": .string(line),
                "start": JSONValue(Int(Double(index) * share)),
                "end": JSONValue(Int(Double(index + 1) * share)),
            ]
        }
        return JSONValue.array(timed).description
    }
}
