import Crypto
import Telemetry
import Threads

/// The double's executions, switches, account and endpoints, changed one at a time.
final class VideoGenBooks: Sendable {
    private struct State {
        var settings = VideoGenSettings()
        var jobs: BoundedTable<VideoGenJob>
        var endpoints: [VideoGenEndpoint] = []
        /// When each key's executions of the last hour were taken.
        var recent: [String: [Duration]] = [:]
    }

    private let state: Guarded<State>
    private let capacity: Int
    /// More endpoints than an account needs.
    private static let mostEndpoints = 100

    init(capacity: Int) {
        self.capacity = capacity
        state = Guarded(State(jobs: BoundedTable(capacity: capacity)))
    }

    var settings: VideoGenSettings { state.withLock { $0.settings } }

    /// Changes the switches; gives the executions that were approved by that.
    func change(
        _ change: (VideoGenSettings) throws(ControlError) -> VideoGenSettings
    ) throws(ControlError) -> [VideoGenJob] {
        try state.withLock { (state) throws(ControlError) in
            let before = state.settings
            state.settings = try change(before)
            guard before.awaitsApproval, !state.settings.awaitsApproval else { return [] }
            let waiting = state.jobs.last(capacity).filter { $0.needsApproval && $0.cancelled == nil }
            for job in waiting { state.jobs.update(job.root) { $0.needsApproval = false } }
            return waiting.compactMap { state.jobs[$0.root] }
        }
    }

    /// Takes an execution and its price.
    func take(
        _ request: VideoGenRequest,
        key: String,
        address: String,
        speed: Double,
        at now: Duration,
        date: Timestamp
    ) throws(VideoGenRefusal) -> VideoGenJob {
        let root = Hex.encode(randomBytes(VideoGenJob.rootLength / 2))
        return try state.withLock { (state) throws(VideoGenRefusal) in
            let settings = state.settings
            if settings.hourlyLimit > 0 {
                let recent = (state.recent[key] ?? []).filter { now - $0 < .seconds(3600) }
                state.recent[key] = recent
                guard recent.count < settings.hourlyLimit else { throw .scripted(code: 429, word: nil) }
                state.recent[key] = recent + [now]
            }
            guard settings.credits >= Double(request.count) else { throw .noCredits(settings.creditStatus) }
            state.settings.credits -= Double(request.count)
            let job = VideoGenJob(
                root: root,
                key: key,
                address: address,
                request: request,
                accepted: now,
                date: date,
                timeline: settings.timeline(speed: speed),
                repeatsAudio: settings.repeatsAudio,
                needsApproval: settings.awaitsApproval
            )
            state.jobs.add(job, for: root)
            return job
        }
    }

    func job(_ root: String) -> VideoGenJob? { state.withLock { $0.jobs[root] } }

    func update(_ root: String, _ change: (inout VideoGenJob) -> Void) {
        state.withLock { $0.jobs.update(root, change) }
    }

    var acceptedCount: Int { state.withLock { $0.jobs.total } }

    func last(_ count: Int) -> [VideoGenJob] { state.withLock { $0.jobs.last(count) } }

    // MARK: Endpoints

    var endpoints: [VideoGenEndpoint] { state.withLock { $0.endpoints } }

    func add(_ endpoint: VideoGenEndpoint) throws(VideoGenRefusal) {
        try state.withLock { (state) throws(VideoGenRefusal) in
            guard state.endpoints.count < VideoGenBooks.mostEndpoints else {
                throw .invalid("there are too many endpoints")
            }
            state.endpoints.append(endpoint)
        }
    }

    /// Whether there was one with that id.
    func removeEndpoint(_ id: String) -> Bool {
        state.withLock { state in
            let count = state.endpoints.count
            state.endpoints.removeAll { $0.id == id }
            return state.endpoints.count < count
        }
    }

    func reset() {
        state.withLock { $0 = State(jobs: BoundedTable(capacity: capacity)) }
    }
}
