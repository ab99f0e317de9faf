import Telemetry

/// The one time of all doubles: what has passed since the start, and waiting for more to pass.
struct EmulatorTime: Sendable {
    private let read: @Sendable () -> Duration
    private let wait: @Sendable (Duration) async -> Void
    private let waitUntil: @Sendable (Duration) async -> Void
    private let start: Timestamp

    /// Counts from now on that clock; the date goes on from the system's as of now.
    init(_ clock: some Clock<Duration>) {
        let origin = clock.now
        start = .now()
        read = { origin.duration(to: clock.now) }
        // A cancelled wait means that the client is gone: its answer goes nowhere, so it may as well go at once.
        wait = { try? await clock.sleep(for: $0) }
        waitUntil = { try? await clock.sleep(until: origin.advanced(by: $0), tolerance: nil) }
    }

    /// Since the start.
    var elapsed: Duration { read() }

    /// The date at a moment since the start.
    func date(at elapsed: Duration) -> Timestamp {
        Timestamp(milliseconds: start.milliseconds + Int64(elapsed / .milliseconds(1)))
    }

    /// Returns after a span, or earlier when the running task is cancelled.
    func sleep(_ span: Duration) async {
        guard span > .zero else { return }
        await wait(span)
    }

    /// Returns at a moment since the start, or earlier when the running task is cancelled.
    func sleep(until moment: Duration) async {
        await waitUntil(moment)
    }
}
