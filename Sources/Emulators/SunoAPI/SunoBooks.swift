import Crypto
import Telemetry
import Threads

/// The double's jobs, switches and account, changed one at a time.
final class SunoBooks: Sendable {
    private struct State {
        var settings: SunoSettings
        var jobs: BoundedTable<SunoJob>
    }

    private let state: Guarded<State>
    private let capacity: Int

    private let profile: SunoProfile

    init(_ profile: SunoProfile, capacity: Int) {
        self.profile = profile
        self.capacity = capacity
        state = Guarded(State(settings: SunoSettings(profile), jobs: BoundedTable(capacity: capacity)))
    }

    var settings: SunoSettings { state.withLock { $0.settings } }

    func change(_ change: (SunoSettings) throws(ControlError) -> SunoSettings) throws(ControlError) {
        try state.withLock { (state) throws(ControlError) in state.settings = try change(state.settings) }
    }

    /// Takes a job and its price; `nil` when the account cannot pay.
    func take(
        _ request: SunoSoundRequest,
        key: String,
        address: String,
        at now: Duration,
        date: Timestamp
    ) -> SunoJob? {
        let id = Hex.encode(randomBytes(16))
        return state.withLock { state in
            guard state.settings.credits >= SunoSettings.price else { return nil }
            state.settings.credits -= SunoSettings.price
            let job = SunoJob(
                id: id,
                key: key,
                address: address,
                request: request,
                clips: state.settings.clips,
                accepted: now,
                date: date,
                repeatsAudio: state.settings.repeatsAudio
            )
            state.jobs.add(job, for: id)
            return job
        }
    }

    func job(_ id: String) -> SunoJob? { state.withLock { $0.jobs[id] } }

    /// Changes a job that is there, and gives what `change` gives.
    @discardableResult
    func update<Result>(_ id: String, _ change: (inout SunoJob) -> Result) -> Result? {
        state.withLock { state in
            var result: Result?
            state.jobs.update(id) { result = change(&$0) }
            return result
        }
    }

    func decide(_ id: String, _ fate: FaultKind) { update(id) { $0.fate = fate } }

    var acceptedCount: Int { state.withLock { $0.jobs.total } }

    func last(_ count: Int) -> [SunoJob] { state.withLock { $0.jobs.last(count) } }

    func reset() {
        state.withLock { $0 = State(settings: SunoSettings(profile), jobs: BoundedTable(capacity: capacity)) }
    }
}
