import Synthesis
import Telemetry

/// Where a job is.
enum MusicGPTState: Sendable {
    case queued, running
    /// Still running, but a song's first version is there.
    case firstReady
    case completed, failed
    /// Moderation has refused it.
    case flagged
}

/// A job that was taken; its state follows from its age alone, unless a fault has decided it.
struct MusicGPTJob: Sendable {
    let id: String
    /// One for each version.
    let conversions: [String]
    /// Who may ask for it.
    let key: String
    /// Where the double is, as the one who made the job reached it: `http://host:port/musicgpt`.
    let address: String
    let request: MusicGPTRequest
    /// Since the start.
    let accepted: Duration
    let date: Timestamp
    /// In seconds, or -1 for unknown.
    let eta: Int
    /// Whether two jobs of the same request sound the same.
    let repeatsAudio: Bool
    /// How many webhooks a good end has.
    let webhookCount: Int
    /// What a fault has decided: `failed`, `sensitive` or `never`.
    var fate: FaultKind?
    /// Webhooks that were accepted, by what tells them apart.
    var acceptedWebhooks: Set<String> = []
    /// Whether a webhook has told of its bad end.
    var isFailureTold = false

    /// Whether all that is to be told of its end was accepted.
    var isEndAccepted: Bool {
        fate == nil ? acceptedWebhooks.count >= webhookCount : acceptedWebhooks.contains("end")
    }

    /// The state at a moment since the start.
    func state(at now: Duration, _ timeline: Timeline<MusicGPTState>) -> MusicGPTState {
        switch fate {
        case .failed?: .failed
        case .sensitive?: .flagged
        case .never?: .queued
        default: timeline.phase(at: now - accepted)
        }
    }

    /// The state that a poll shows, which is not always the true one.
    func polledState(at now: Duration, _ settings: MusicGPTSettings, speed: Double) -> MusicGPTState {
        if settings.callbacks.hidesProgress(isAccepted: isEndAccepted) { return .queued }
        return state(at: now, settings.timeline(for: request, speed: speed))
    }

    /// How many versions are there in a state.
    func readyVersions(in state: MusicGPTState) -> Int {
        switch state {
        case .completed: request.versions
        case .firstReady: 1
        default: 0
        }
    }

    // MARK: What is heard

    /// The name of a version's files without extension, as the pages' samples have it.
    func fileStem(_ version: Int) -> String { request.isMusic ? conversions[version] : "\(id)_sound" }

    /// The address of a version's file.
    func url(_ version: Int, _ fileExtension: String) -> String {
        "\(address)/conversions/\(fileStem(version)).\(fileExtension)"
    }

    /// A name for the sound itself: jobs that sound the same share their files.
    func audioName(_ version: Int) -> String {
        guard repeatsAudio else { return fileStem(version) }
        return "same-\(fingerprint(request.audibleParts.joined(separator: "\u{0}")))-\(version + 1)"
    }

    /// What is heard in a version.
    func specification(_ version: Int) -> SoundSpecification {
        let seed = repeatsAudio ? 0 : fingerprint(id)
        switch request {
        case .sound(let request):
            // The vendor's own n8n node asks for 5 seconds unless told.
            let length = request.length.map { Double($0) } ?? spokenLength(in: request.prompt) ?? 5
            return SoundSpecification(prompt: request.prompt, duration: length, seed: seed)
        case .music(let request):
            let words = [request.prompt, request.style].compactMap(\.self).joined(separator: ", ")
            return SoundSpecification(
                prompt: words.isEmpty ? request.lyrics ?? "" : words,
                isMusic: true,
                duration: request.length ?? (version == 0 ? 30 : 28.5),
                seed: seed,
                variation: version
            )
        }
    }

    /// In seconds, to the sample.
    func duration(_ version: Int) -> Double {
        Double(Synthesizer(specification(version)).frameCount) / Double(Synthesizer.sampleRate)
    }
}

extension MusicGPTSettings {
    /// The states by age at a speed.
    func timeline(for request: MusicGPTRequest, speed: Double) -> Timeline<MusicGPTState> {
        let whole = Duration.seconds(seconds(for: request) / speed)
        var steps = [(from: whole * 0.25, phase: MusicGPTState.running), (whole, .completed)]
        if request.isMusic, hasEarlyVersion { steps.insert((whole * 0.75, .firstReady), at: 1) }
        return Timeline(first: .queued, steps: steps)
    }

    /// How long a job takes at speed 1.
    func seconds(for request: MusicGPTRequest) -> Double { request.isMusic ? musicSeconds : soundSeconds }

    /// The word for a state.
    func word(for state: MusicGPTState) -> String {
        switch state {
        case .queued: hasOlderWords ? "PENDING" : "IN_QUEUE"
        case .running, .firstReady: hasOlderWords ? "PROCESSING" : "IN_PROGRESS"
        case .completed: "COMPLETED"
        case .failed, .flagged: failureWord
        }
    }
}
