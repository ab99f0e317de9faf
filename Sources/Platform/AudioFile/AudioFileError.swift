/// Why a sound file couldn't be written, or isn't one that the gateway will keep.
package enum AudioFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The operating system refused; `call` names the system call.
    case system(call: String, code: Int32)
    /// The file has no bytes.
    case empty
    /// The first bytes are of none of the known formats.
    case notAudio
    /// The format is known, but the bytes in it can't be decoded; the text is libsndfile's.
    case damaged(String)
    /// The file ends before the sound that it promises.
    case truncated
    /// A well-formed file with no sound in it.
    case noFrames
    /// The sound is beyond a limit; `limit` names it.
    case beyondLimit(Limit)
    /// libsndfile doesn't write this sample rate or channel count in this format; the text is its own.
    case cannotEncode(String)

    /// What `AudioLimits` bounds.
    package enum Limit: String, Sendable { case frames, channels, sampleRate, parts }

    package var description: String {
        switch self {
        case .system(let call, let code): "\(call) failed with error \(code)"
        case .empty: "the file is empty"
        case .notAudio: "the file is not WAV, FLAC, Ogg or MP3 audio"
        case .damaged(let text): "the audio cannot be decoded: \(text)"
        case .truncated: "the audio ends too early"
        case .noFrames: "the audio has no frames"
        case .beyondLimit(let limit): "the audio has too large a \(limit.rawValue) value"
        case .cannotEncode(let text): "the audio cannot be encoded: \(text)"
        }
    }
}
