import JSON
import Synthesis

/// The body of `generate/get-timestamped-lyrics`.
struct SunoLyricsRequest: Sendable {
    let task: String
    let clip: String

    init(_ bytes: [UInt8]) throws(SunoRefusal) {
        let body: JSONObject?
        do { body = try JSONValue(parsing: bytes).object } catch { body = nil }
        guard let body else { throw SunoRefusal.malformed("The body must be a JSON object") }
        guard let task = try body.suno("taskId", "a string", { $0.string }), !task.isEmpty else {
            throw SunoRefusal.missing("taskId")
        }
        guard let clip = try body.suno("audioId", "a string", { $0.string }), !clip.isEmpty else {
            throw SunoRefusal.missing("audioId")
        }
        self.task = task
        self.clip = clip
    }
}

/// The words of a clip: the prompt's own, spread over its length.
struct SunoLyricsBody {
    let job: SunoJob
    let clip: Int

    /// The documented `data`.
    var json: JSONValue {
        let frames = Synthesizer(job.specification(clip)).frameCount
        let seconds = Double(frames) / Double(Synthesizer.sampleRate)
        let words = job.request.prompt.split(separator: " ")
        let share = seconds / Double(max(words.count, 1))
        let aligned = words.enumerated().map { index, word -> JSONValue in
            [
                "word": .string("\(word) "),
                "success": true,
                "startS": .number((Double(index) * share * 100).rounded() / 100),
                "endS": .number((Double(index + 1) * share * 100).rounded() / 100),
                "palign": 0,
            ]
        }
        return [
            "alignedWords": .array(aligned), "waveformData": [], "hootCer": 0.0, "isStreamed": false,
        ]
    }
}
