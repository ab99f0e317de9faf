import Sound
package import Telemetry
import Timing

/// What is measured of webhooks: what became of each try, and how long after the event it was taken.
package struct CourierMetrics: Sendable {
    private let tries: MetricFamily<Counter>
    private let durations: MetricFamily<Histogram>
    private let lag: Histogram

    /// Declares them; without a registry they are measured for nobody.
    package init(_ registry: MetricRegistry = MetricRegistry()) {
        tries = registry.counter(
            "soundgate_webhook_tries_total",
            "Tries to deliver a webhook: delivered, failed and to be tried again, or dead.",
            labels: ["outcome"]
        )
        durations = registry.histogram(
            "soundgate_webhook_try_duration_seconds",
            "Time that a try to deliver a webhook took.",
            labels: ["outcome"],
            buckets: .calls
        )
        lag =
            registry.histogram(
                "soundgate_webhook_lag_seconds",
                "Time from an event to the delivery of its webhook.",
                buckets: .delays
            )[]
    }

    /// Takes in what became of a try.
    func take(_ message: OutboxMessage, at now: Moment, taking span: Duration) {
        let outcome =
            switch message.state {
            case .delivered: "delivered"
            case .pending: "failed"
            case .dead: "dead"
            }
        tries[outcome].add()
        durations[outcome].observe(span)
        guard message.state == .delivered else { return }
        lag.observe(Double(max(0, now.milliseconds - message.createdAt.milliseconds)) / 1000)
    }
}

extension Courier {
    /// Has what waits in the outbox looked up whenever somebody asks.
    package nonisolated func report(to registry: MetricRegistry) {
        let flights = registry.gauge("soundgate_webhooks_in_flight", "Webhooks that are being sent.")[]
        let overdue = registry.gauge(
            "soundgate_webhook_overdue_seconds",
            "How long the longest due webhook has waited for its try; zero when none is late."
        )[]
        registry.collect { [self] in
            flights.set(Double(await inFlight))
            // An outbox that cannot be read is told of by the log, and by the ledger's own metrics.
            guard let next = try? await parts.outbox.nextMessageDue(except: []) else { return overdue.set(0) }
            overdue.set(max(0, Double(parts.time.moment.milliseconds - next.milliseconds) / 1000))
        }
    }

    private var inFlight: Int { flights.count }
}
