import Crypto
import JSON
import Telemetry
import Threads

/// A call that was taken and charged.
struct ElevenLabsJob: Sendable {
    /// Also the call's `request-id`.
    let id: String
    let request: ElevenLabsRequest
    let date: Timestamp
    /// How many calls ran when it was taken, itself among them.
    let running: Int
    /// The switches as they stood.
    let settings: ElevenLabsSettings

    /// A name for the sound itself: calls that sound the same share their file.
    var audioName: String {
        guard settings.repeatsAudio else { return "elevenlabs-\(id)" }
        let channels = settings.channels(request.format, isMusic: request.isMusic)
        let text = JSONValue.object(request.json).description
        return "elevenlabs-same-\(Hex.encode(SHA256.hash("\(channels) \(text)").bytes))"
    }

    /// How the sound is made and written.
    var rendering: ElevenLabsRendering {
        ElevenLabsRendering(
            specification: request.specification(seed: settings.repeatsAudio ? 0 : fingerprint(id)),
            format: request.format,
            channels: settings.channels(request.format, isMusic: request.isMusic)
        )
    }
}

/// The double's account, switches and calls, changed one at a time.
final class ElevenLabsBooks: Sendable {
    private struct State {
        var settings = ElevenLabsSettings()
        var running = 0
        var jobs: BoundedTable<ElevenLabsJob>
    }

    private let state: Guarded<State>
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        state = Guarded(State(jobs: BoundedTable(capacity: capacity)))
    }

    var settings: ElevenLabsSettings { state.withLock { $0.settings } }

    func change(_ change: (ElevenLabsSettings) throws(ControlError) -> ElevenLabsSettings)
        throws(ControlError)
    {
        try state.withLock { (state) throws(ControlError) in state.settings = try change(state.settings) }
    }

    /// Takes a call and its price; it runs until ``end()``.
    func take(_ request: ElevenLabsRequest, date: Timestamp) throws(ElevenLabsRefusal) -> ElevenLabsJob {
        let id = Hex.encode(randomBytes(12))
        return try state.withLock { (state) throws(ElevenLabsRefusal) in
            let settings = state.settings
            guard settings.tier.includes(request.format.lowestTier) else {
                throw .status("output_format_not_allowed")
            }
            guard settings.used + request.cost <= settings.limit else { throw .status("quota_exceeded") }
            guard state.running < settings.maximumConcurrency else {
                throw .status("too_many_concurrent_requests")
            }
            state.settings.used += request.cost
            state.running += 1
            let job = ElevenLabsJob(
                id: id,
                request: request,
                date: date,
                running: state.running,
                settings: settings
            )
            state.jobs.add(job, for: id)
            return job
        }
    }

    /// A call that was taken has its sound.
    func end() { state.withLock { $0.running = max($0.running - 1, 0) } }

    var acceptedCount: Int { state.withLock { $0.jobs.total } }

    func last(_ count: Int) -> [ElevenLabsJob] { state.withLock { $0.jobs.last(count) } }

    func reset() {
        state.withLock { state in
            state = State(running: state.running, jobs: BoundedTable(capacity: capacity))
        }
    }
}
