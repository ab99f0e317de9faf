import Sound
package import Telemetry

/// What is measured of tasks: how many there are, what becomes of them, and what vendors take and answer.
///
/// Labels are providers and operations, which the operator has named, and the gateway's own words; never a task, a client,
/// or anything of a prompt.
package struct EngineMetrics: Sendable {
    private let accepted: MetricFamily<Counter>
    private let ended: MetricFamily<Counter>
    private let lives: MetricFamily<Histogram>
    private let attempts: MetricFamily<Counter>
    private let submits: MetricFamily<Histogram>
    private let turnarounds: MetricFamily<Histogram>
    private let calls: MetricFamily<Histogram>
    private let waits: MetricFamily<Histogram>
    private let callbacks: MetricFamily<Counter>
    private let assets: MetricFamily<Counter>
    private let assetBytes: MetricFamily<Counter>
    private let assetFailures: MetricFamily<Counter>
    private let overQuota: MetricFamily<Counter>
    private let takenUp: Counter
    private let pollLateness: Histogram

    /// Declares them; without a registry they are measured for nobody.
    package init(_ registry: MetricRegistry = MetricRegistry()) {
        accepted = registry.counter(
            "soundgate_tasks_accepted_total",
            "Tasks that were accepted, by type of sound.",
            labels: ["type"]
        )
        ended = registry.counter(
            "soundgate_tasks_ended_total",
            "Tasks that have ended, by how and, where they failed, why.",
            labels: ["status", "code"]
        )
        lives = registry.histogram(
            "soundgate_task_duration_seconds",
            "Time from a task's acceptance to its end.",
            labels: ["status"],
            buckets: .works
        )
        attempts = registry.counter(
            "soundgate_attempts_total",
            "Attempts that have ended, by provider, operation, how and, where they failed, why.",
            labels: ["provider", "operation", "outcome", "code"]
        )
        submits = registry.histogram(
            "soundgate_attempt_submit_duration_seconds",
            "Time that a create took at the vendor, by what became of it.",
            labels: ["provider", "operation", "outcome"],
            buckets: .calls
        )
        turnarounds = registry.histogram(
            "soundgate_attempt_turnaround_seconds",
            "Time from the beginning of an attempt that succeeded to its end.",
            labels: ["provider", "operation"],
            buckets: .works
        )
        calls = registry.histogram(
            "soundgate_upstream_request_duration_seconds",
            "Time that a call to a vendor's API took, by the class of its status or what came instead.",
            labels: ["provider", "outcome"],
            buckets: .calls
        )
        waits = registry.histogram(
            "soundgate_queue_wait_seconds",
            "Time that calls waited for a place at a provider.",
            labels: ["provider"],
            buckets: .delays
        )
        pollLateness =
            registry.histogram(
                "soundgate_poll_lateness_seconds",
                "How long after its time a vendor was asked about a job.",
                buckets: .delays
            )[]
        callbacks = registry.counter(
            "soundgate_callbacks_total",
            "Messages that vendors sent by themselves, by how far they are trusted and what was done with them.",
            labels: ["provider", "trust", "outcome"]
        )
        assets = registry.counter(
            "soundgate_assets_kept_total",
            "Audio files that were kept, by where they came from.",
            labels: ["source"]
        )
        assetBytes = registry.counter(
            "soundgate_assets_kept_bytes_total",
            "Bytes of audio files that were kept, by where they came from.",
            labels: ["source"]
        )
        assetFailures = registry.counter(
            "soundgate_asset_failures_total",
            "Tries to keep audio that failed, by where it came from and whose fault it was.",
            labels: ["source", "fault"]
        )
        takenUp =
            registry.counter(
                "soundgate_tasks_taken_up_total",
                "Unfinished tasks that were taken over from another process, running or gone."
            )[]
        overQuota = registry.counter(
            "soundgate_quota_refusals_total",
            "Tasks, and further calls of tasks, that a client's quota did not allow.",
            labels: ["stage"]
        )
    }

    // MARK: Tasks

    func accepted(_ record: TaskRecord) { accepted[record.request.type.rawValue].add() }

    /// Takes in what has become of a task since it was as `before`; only what has ended meanwhile is counted.
    func take(_ record: TaskRecord, after before: TaskRecord?) {
        for attempt in record.attempts where !attempt.isOpen {
            let index = attempt.number - 1
            let known = before?.attempts ?? []
            if known.indices.contains(index), !known[index].isOpen { continue }
            take(attempt)
        }
        guard record.status.hasEnded, before?.status.hasEnded != true else { return }
        let code = record.status == .failed ? record.error?.code.rawValue ?? "" : ""
        ended[record.status.rawValue, code].add()
        guard let end = record.endedAt else { return }
        lives[record.status.rawValue].observe(Self.seconds(from: record.createdAt, to: end))
    }

    private func take(_ attempt: AttemptRecord) {
        let outcome =
            switch attempt.state {
            // Given up while the vendor had it.
            case .intended, .accepted: "abandoned"
            case .succeeded, .failed, .canceled, .unknown: attempt.state.rawValue
            }
        let code = attempt.state == .failed ? attempt.error?.code.rawValue ?? "" : ""
        let (provider, operation) = (attempt.name.provider, attempt.name.operation)
        attempts[provider, operation, outcome, code].add()
        guard attempt.state == .succeeded, let end = attempt.endedAt else { return }
        turnarounds[provider, operation].observe(Self.seconds(from: attempt.startedAt, to: end))
    }

    /// The wall clock may have been put back meanwhile.
    private static func seconds(from begin: Moment, to end: Moment) -> Double {
        Double(max(0, end.milliseconds - begin.milliseconds)) / 1000
    }

    /// Where a client's quota ends a task's way.
    enum QuotaStage: String { case create, call }

    func refusedForQuota(at stage: QuotaStage) { overQuota[stage.rawValue].add() }

    func takenUp(_ count: Int) { takenUp.add(count) }

    // MARK: Vendors

    func submitted(_ name: RouteName, _ outcome: String, nanoseconds: UInt64) {
        submits[name.provider, name.operation, outcome].observe(nanoseconds: nanoseconds)
    }

    func called(_ provider: String, _ outcome: String, nanoseconds: UInt64) {
        calls[provider, outcome].observe(nanoseconds: nanoseconds)
    }

    /// `2xx` and the like.
    static func family(ofStatus status: Int) -> String {
        100..<600 ~= status ? "\(status / 100)xx" : "other"
    }

    func waited(at provider: String, nanoseconds: UInt64) {
        waits[provider].observe(nanoseconds: nanoseconds)
    }

    func polled(late nanoseconds: UInt64) { pollLateness.observe(nanoseconds: nanoseconds) }

    func calledBack(_ provider: String, trust: String, outcome: String) {
        callbacks[provider, trust, outcome].add()
    }

    // MARK: Audio

    /// Where audio comes from.
    enum AudioSource: String { case rendered, fetched, streamed }
    /// Who failed to bring audio into the store.
    enum AudioFault: String { case vendor, storage }

    func kept(_ asset: AssetRecord, _ source: AudioSource) {
        assets[source.rawValue].add()
        assetBytes[source.rawValue].add(Int(clamping: asset.bytes))
    }

    func notKept(_ source: AudioSource, _ fault: AudioFault) {
        assetFailures[source.rawValue, fault.rawValue].add()
    }
}
