import Telemetry

/// What is measured of configurations that are read again.
struct ReloadMetrics: Sendable {
    /// What came of a reading.
    enum Outcome: String, CaseIterable {
        /// Something was taken up.
        case taken
        /// There was nothing new.
        case unchanged
        /// It was refused as a whole, or could not be read.
        case refused
    }

    private let readings: MetricFamily<Counter>
    private let isGood: Gauge
    private let goodAt: Gauge

    /// Declares them; the configuration of the start counts as a good one.
    init(_ registry: MetricRegistry) {
        readings = registry.counter(
            "soundgate_config_reloads_total",
            "Times that the configuration was read again, by what came of it.",
            labels: ["outcome"]
        )
        for outcome in Outcome.allCases { _ = readings[outcome.rawValue] }
        isGood =
            registry.gauge(
                "soundgate_config_last_reload_successful",
                "One when the configuration was good when it was last read, zero when it was refused."
            )[]
        goodAt =
            registry.gauge(
                "soundgate_config_last_reload_success_timestamp_seconds",
                "When the configuration was last read and good, in seconds since 1970."
            )[]
        isGood.set(1)
        note()
    }

    func take(_ outcome: Outcome) {
        readings[outcome.rawValue].add()
        isGood.set(outcome == .refused ? 0 : 1)
        if outcome != .refused { note() }
    }

    private func note() { goodAt.set(Double(Timestamp.now().milliseconds) / 1000) }
}
