package import Telemetry

/// What is measured of the signals between gateways.
package struct ReplicaMetrics: Sendable {
    private let signals: MetricFamily<Counter>

    /// Declares them; without a registry they are measured for nobody.
    package init(_ registry: MetricRegistry = MetricRegistry()) {
        signals = registry.counter(
            "soundgate_replica_signals_total",
            "Signals to and from gateways on the same database: sent, heard, and lost before they were sent.",
            labels: ["outcome"]
        )
    }

    func sent(_ count: Int) { signals["sent"].add(count) }
    func heard() { signals["heard"].add() }
    func lost(_ count: Int) { signals["lost"].add(count) }
}
