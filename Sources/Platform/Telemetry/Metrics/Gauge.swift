import Synchronization

/// A number that goes up and down.
package final class Gauge: MetricSeries {
    package static let kind = MetricKind.gauge

    /// The bits of a `Double`.
    private let bits = Atomic<UInt64>(0)

    /// Zero.
    package init() {}

    /// What it stands at.
    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    /// Lets it stand at a value.
    package func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    /// Raises it, or lowers it by what is negative.
    package func add(_ change: Double) { bits.addDouble(change) }

    package func write(_ name: String, _ labels: MetricLabels, to text: inout MetricText) {
        text.sample(name, labels, value)
    }
}

extension Atomic where Value == UInt64 {
    /// Adds to a `Double` that is kept by its bits.
    func addDouble(_ change: Double) {
        var known = load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: known) + change).bitPattern
            let (isDone, current) = weakCompareExchange(expected: known, desired: next, ordering: .relaxed)
            if isDone { return }
            known = current
        }
    }
}
