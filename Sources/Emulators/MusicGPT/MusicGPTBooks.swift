import Crypto
import Telemetry
import Threads

/// The double's jobs, switches, account and rates, changed one at a time.
final class MusicGPTBooks: Sendable {
    private struct State {
        var settings = MusicGPTSettings()
        var jobs: BoundedTable<MusicGPTJob>
        /// The task of each conversion.
        var conversions: BoundedTable<String>
        /// Songs that may be under way.
        var songs: [String] = []
        var creates = RateWindow()
        var polls = RateWindow()
        var created = 0

        init(capacity: Int) {
            jobs = BoundedTable(capacity: capacity)
            conversions = BoundedTable(capacity: capacity * 2)
        }
    }

    private let state: Guarded<State>
    private let capacity: Int
    private let speed: Double

    init(capacity: Int, speed: Double) {
        self.capacity = capacity
        self.speed = speed
        state = Guarded(State(capacity: capacity))
    }

    var settings: MusicGPTSettings { state.withLock { $0.settings } }

    func change(
        _ change: (MusicGPTSettings) throws(ControlError) -> MusicGPTSettings
    ) throws(ControlError) {
        try state.withLock { (state) throws(ControlError) in state.settings = try change(state.settings) }
    }

    /// Takes a job and its price.
    func take(
        _ request: MusicGPTRequest,
        key: String,
        address: String,
        at now: Duration,
        date: Timestamp
    ) throws(MusicGPTRefusal) -> MusicGPTJob {
        try state.withLock { (state) throws(MusicGPTRefusal) in
            try admit(request, at: now, &state)
            let settings = state.settings
            guard settings.credits >= MusicGPTSettings.price else { throw .noCredits }
            state.settings.credits -= MusicGPTSettings.price
            state.created += 1
            let every = settings.unknownETAEvery
            let isUnknown = every > 0 && state.created % every == 0
            let seconds = Int((settings.seconds(for: request) / speed).rounded(.up))
            let webhooks = MusicGPTWebhook.all(for: request, isGeneric: settings.hasGenericWebhooks)
            let job = MusicGPTJob(
                id: uniqueID(),
                conversions: (0..<request.versions).map { _ in uniqueID() },
                key: key,
                address: address,
                request: request,
                accepted: now,
                date: date,
                eta: isUnknown ? -1 : seconds,
                repeatsAudio: settings.repeatsAudio,
                webhookCount: webhooks.count
            )
            state.jobs.add(job, for: job.id)
            for conversion in job.conversions { state.conversions.add(job.id, for: conversion) }
            if request.isMusic { state.songs.append(job.id) }
            return job
        }
    }

    /// Counts a poll; too many in a minute are refused.
    func poll(at now: Duration) throws(MusicGPTRefusal) {
        try state.withLock { (state) throws(MusicGPTRefusal) in
            try pass(&state.polls, state.settings.pollsPerMinute, at: now)
        }
    }

    func job(_ id: String) -> MusicGPTJob? { state.withLock { $0.jobs[id] } }

    /// The job of a conversion, and which of its versions that is.
    func job(ofConversion id: String) -> (job: MusicGPTJob, version: Int)? {
        state.withLock { state in
            guard let job = state.conversions[id].flatMap({ state.jobs[$0] }) else { return nil }
            return job.conversions.firstIndex(of: id).map { (job, $0) }
        }
    }

    /// Changes a job that is there, and gives what `change` gives.
    @discardableResult
    func update<Result>(_ id: String, _ change: (inout MusicGPTJob) -> Result) -> Result? {
        state.withLock { state in
            var result: Result?
            state.jobs.update(id) { result = change(&$0) }
            return result
        }
    }

    func decide(_ id: String, _ fate: FaultKind) { update(id) { $0.fate = fate } }

    var acceptedCount: Int { state.withLock { $0.jobs.total } }

    func last(_ count: Int) -> [MusicGPTJob] { state.withLock { $0.jobs.last(count) } }

    func reset() { state.withLock { $0 = State(capacity: capacity) } }

    // MARK: Limits

    private func admit(_ request: MusicGPTRequest, at now: Duration, _ state: inout State)
        throws(MusicGPTRefusal)
    {
        guard request.isMusic else {
            return try pass(&state.creates, state.settings.createsPerMinute, at: now)
        }
        let timeline = state.settings.timeline(for: request, speed: speed)
        let jobs = state.jobs
        state.songs.removeAll { id in
            switch jobs[id]?.state(at: now, timeline) {
            case .queued?, .running?, .firstReady?: false
            case .completed?, .failed?, .flagged?, nil: true
            }
        }
        let limit = state.settings.parallelMusic
        guard limit == 0 || state.songs.count < limit else {
            throw .tooMany("Maximum number of parallel conversions reached.", retryAfter: 1)
        }
    }

    private func pass(_ window: inout RateWindow, _ limit: Int, at now: Duration) throws(MusicGPTRefusal) {
        guard limit > 0 else { return }
        let minute = Duration.seconds(60 / speed)
        if let wait = window.take(limit, per: minute, at: now) {
            throw .tooMany("Rate limit exceeded.", retryAfter: max(1, Int((wait / .seconds(1)).rounded(.up))))
        }
    }

    /// A random id in the form of the pages' samples.
    private func uniqueID() -> String {
        let hex = Array(Hex.encode(randomBytes(16)))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(hex[$0]) }.joined(separator: "-")
    }
}
