package import Threads

/// Every metric of a process, handed down at construction as the log is.
///
/// Each part declares what it measures where it is made, and keeps the families. What others keep anyway is looked up
/// when somebody asks, by a collector. A part that nobody has given a registry measures into one that nobody reads.
package final class MetricRegistry: Sendable {
    private struct State {
        var families: [String: any WritableFamily] = [:]
        var collectors: [@Sendable () async -> Void] = []
    }

    private let state = Guarded(State())
    private let overflows: MetricFamily<Counter>
    private let pool: WorkerPool?

    /// A registry without metrics but one of its own, which is named after the namespace.
    ///
    /// On the `pool` is done what takes a while: looking things up in files, and writing the text. Without one it is done
    /// where somebody asks.
    package init(namespace: String = "soundgate", pool: WorkerPool? = nil) {
        self.pool = pool
        overflows = MetricFamily(
            "\(namespace)_metric_overflows_total",
            "Values that were counted under other, for want of room in their metric.",
            labels: ["metric"],
            most: 1000
        ) { Counter() }
        state.withLock { $0.families[overflows.name] = overflows }
    }

    /// Declares a counter; its name ends in `_total`.
    package func counter(
        _ name: String,
        _ help: String,
        labels: [String] = [],
        most: Int = 500
    ) -> MetricFamily<Counter> {
        add(MetricFamily(name, help, labels: labels, most: most) { Counter() })
    }

    /// Declares a gauge.
    package func gauge(
        _ name: String,
        _ help: String,
        labels: [String] = [],
        most: Int = 500
    ) -> MetricFamily<Gauge> {
        add(MetricFamily(name, help, labels: labels, most: most) { Gauge() })
    }

    /// Declares a histogram; each of its series is as many lines as it has buckets.
    package func histogram(
        _ name: String,
        _ help: String,
        labels: [String] = [],
        buckets: MetricBuckets,
        most: Int = 200
    ) -> MetricFamily<Histogram> {
        add(MetricFamily(name, help, labels: labels, most: most) { Histogram(buckets) })
    }

    /// A name that is declared again is that of the same family: two parts of a kind measure together.
    private func add<Series>(_ family: MetricFamily<Series>) -> MetricFamily<Series> {
        state.withLock { state in
            guard let known = state.families[family.name] else {
                state.families[family.name] = family
                return family
            }
            guard let known = known as? MetricFamily<Series>, known.labels == family.labels else {
                preconditionFailure("the metric \(family.name) is declared twice, and differently")
            }
            return known
        }
    }

    /// Has something looked up before each exposition; `body` puts what it finds into families.
    package func collect(_ body: @escaping @Sendable () async -> Void) {
        state.withLock { $0.collectors.append(body) }
    }

    /// As ``collect(_:)``, for what may block.
    package func collectOnPool(_ body: @escaping @Sendable () -> Void) {
        collect { [pool] in await Self.run(on: pool, body) }
    }

    private static func run<Result: Sendable>(
        on pool: WorkerPool?,
        _ body: @escaping @Sendable () -> Result
    ) async -> Result {
        guard let pool else { return body() }
        return await withCheckedContinuation { continuation in
            pool.submit { continuation.resume(returning: body()) }
        }
    }

    /// The names of all metrics.
    package var names: [String] { state.withLock { $0.families.keys.sorted() } }

    /// Everything as text, by name.
    package func exposition() async -> MetricText {
        for collector in state.withLock(\.collectors) { await collector() }
        let families = state.withLock { $0.families.values.sorted { $0.name < $1.name } }
        for family in families where family.overflows > 0 {
            overflows[family.name].follow(family.overflows)
        }
        return await Self.run(on: pool) {
            var text = MetricText()
            for family in families { family.write(to: &text) }
            return text
        }
    }
}
