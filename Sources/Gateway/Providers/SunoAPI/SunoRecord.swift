import JSON
import Sound

/// The `data` of a record: a status word and the clips that are there.
///
/// Keys come in camelCase when polled and in snake_case elsewhere; some hosts mix them, so both are read.
struct SunoRecord {
    private let data: JSONValue

    init(_ data: JSONValue) { self.data = data }

    var observation: Observation {
        let word = data["status"]?.string ?? ""
        let results = results
        switch word {
        case "PENDING": return Observation(.queued, progress: 0.05, results: results)
        case "TEXT_SUCCESS": return Observation(.running, progress: 0.3, results: results)
        case "FIRST_SUCCESS": return Observation(.running, progress: 0.7, results: results)
        case "SUCCESS": return finished(results)
        // Their call to our callback failed; the audio is there and paid for.
        case "CALLBACK_EXCEPTION" where !results.isEmpty: return finished(results)
        case "CREATE_TASK_FAILED", "GENERATE_AUDIO_FAILED", "CALLBACK_EXCEPTION":
            return failed(word, .providerFailed)
        case "SENSITIVE_WORD_ERROR": return failed(word, .contentPolicy)
        default: return Observation(.running, results: results, unknownWord: word)
        }
    }

    private func finished(_ results: [RemoteResult]) -> Observation {
        guard results.isEmpty else { return Observation(.succeeded, progress: 1, results: results) }
        // Paid for, and perhaps only late: asked again until the deadline.
        return Observation(.running, unknownWord: "SUCCESS without audio")
    }

    private func failed(_ word: String, _ code: Failure.Code) -> Observation {
        let message =
            code == .contentPolicy
            ? "the provider's moderation refused the prompt" : "the provider could not make the sound"
        let own = (data["errorCode"] ?? data["error_code"])
            .flatMap { $0.string ?? $0.integer.map { String($0) } }
        return Observation(.failed(Failure(code, message, providerCode: own ?? word)))
    }

    private var results: [RemoteResult] {
        let response = data["response"] ?? .null
        let clips = response["sunoData"]?.array ?? response["suno_data"]?.array ?? []
        return clips.enumerated().compactMap { index, clip in
            let text = { (keys: [String]) -> String? in
                keys.lazy.compactMap { clip[$0]?.string }.first { !$0.isEmpty }
            }
            // The stream URL has no extension and may be unfinished: only when nothing else is there.
            let audio = text(["audioUrl", "audio_url", "sourceAudioUrl", "source_audio_url"])
            let stream = text(["streamAudioUrl", "stream_audio_url"])
            let isFinal = ["SUCCESS", "CALLBACK_EXCEPTION"].contains(data["status"]?.string)
            guard let url = audio ?? (isFinal ? stream : nil) else { return nil }
            return RemoteResult(
                key: text(["id"]) ?? "\(index)",
                url: url,
                title: text(["title"]),
                coverURL: text(["imageUrl", "image_url", "sourceImageUrl", "source_image_url"])
            )
        }
    }
}
