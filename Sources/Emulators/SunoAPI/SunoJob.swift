import Synthesis
import Telemetry

/// The vendor's status words.
enum SunoStatus: String, Sendable {
    case pending = "PENDING"
    case textSuccess = "TEXT_SUCCESS"
    case firstSuccess = "FIRST_SUCCESS"
    case success = "SUCCESS"
    case createTaskFailed = "CREATE_TASK_FAILED"
    case generateAudioFailed = "GENERATE_AUDIO_FAILED"
    case sensitiveWordError = "SENSITIVE_WORD_ERROR"
    /// All clips are there, but our answer to the last callback was not 200.
    case callbackException = "CALLBACK_EXCEPTION"
}

/// A job that was taken; its state follows from its age alone, unless a fault has decided it.
struct SunoJob: Sendable {
    let id: String
    /// Who may ask for it.
    let key: String
    /// Where the double is, as the one who made the job reached it: `http://host:port/sunoapi`.
    let address: String
    let request: SunoSoundRequest
    /// How many sounds it makes.
    let clips: Int
    /// Since the start.
    let accepted: Duration
    let date: Timestamp
    /// Whether two jobs of the same request sound the same.
    let repeatsAudio: Bool
    /// What a fault has decided for good, if anything.
    var fate: FaultKind?
    /// Whether the callback of its end was accepted; `nil` while nothing is known.
    var isEndAccepted: Bool?
    /// Whether a callback has told of its bad end.
    var isErrorTold = false

    /// The state at a moment since the start.
    func status(at now: Duration, _ timeline: Timeline<SunoStatus>) -> SunoStatus {
        switch fate {
        case .createFailed?: .createTaskFailed
        case .failed?: .generateAudioFailed
        case .sensitive?: .sensitiveWordError
        case .never?: .pending
        default: timeline.phase(at: now - accepted)
        }
    }

    /// The state that a poll shows, which is not always the true one.
    func polledStatus(at now: Duration, _ settings: SunoSettings, speed: Double) -> SunoStatus {
        if settings.callbacks.hidesProgress(isAccepted: isEndAccepted == true) { return .pending }
        let status = status(at: now, settings.timeline(speed: speed))
        let isException = settings.hasCallbackException && status == .success && isEndAccepted == false
        return isException ? .callbackException : status
    }

    /// How many clips are there in a state.
    func readyClips(in status: SunoStatus) -> Int {
        switch status {
        case .success, .callbackException: clips
        case .firstSuccess: 1
        default: 0
        }
    }

    /// A clip's id, which is also its file's name.
    func clipID(_ index: Int) -> String { "\(id)-\(index + 1)" }

    /// A name for the sound itself: jobs that sound the same share their files.
    func audioName(_ index: Int) -> String {
        guard repeatsAudio else { return clipID(index) }
        let parts = [request.prompt, "\(request.loops)", "\(request.tempo ?? 0)", request.key]
        return "same-\(fingerprint(parts.joined(separator: "\u{0}")))-\(index + 1)"
    }

    /// What is heard in a clip.
    func specification(_ index: Int) -> SoundSpecification {
        SoundSpecification(
            prompt: request.prompt,
            loop: request.loops,
            tempo: request.tempo,
            key: SunoKey.scale(request.key),
            duration: duration(index),
            seed: repeatsAudio ? 0 : fingerprint(id),
            variation: index
        )
    }

    /// In seconds: what the prompt says, else about 12, in whole bars when there is a tempo.
    private func duration(_ index: Int) -> Double {
        if let asked = spokenLength(in: request.prompt) { return asked }
        guard let tempo = request.tempo else { return index == 0 ? 12 : 11.2 }
        let bar = 240 / Double(tempo)
        return bar > 24 ? 12 : max(1, (12 / bar).rounded()) * bar
    }

    /// FNV-1a.
    private func fingerprint(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
