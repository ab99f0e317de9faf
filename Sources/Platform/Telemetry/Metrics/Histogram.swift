import Synchronization

/// How often a value fell within each of a few ranges, and the sum of all values.
package final class Histogram: MetricSeries {
    package static let kind = MetricKind.histogram

    /// An atomic of its own: an array cannot hold what cannot be copied.
    private final class Cell: Sendable {
        let count = Atomic<UInt64>(0)
    }

    private let buckets: MetricBuckets
    /// One for each upper bound, and one for what is above all of them.
    private let cells: [Cell]
    /// The bits of a `Double`.
    private let total = Atomic<UInt64>(0)

    /// Nothing has been measured yet.
    package init(_ buckets: MetricBuckets) {
        self.buckets = buckets
        cells = (0...buckets.bounds.count).map { _ in Cell() }
    }

    /// Takes in a value; what is no number is left out.
    package func observe(_ value: Double) {
        guard !value.isNaN else { return }
        cells[buckets.index(of: value)].count.wrappingAdd(1, ordering: .relaxed)
        total.addDouble(value)
    }

    /// Takes in a time, in seconds.
    package func observe(_ span: Duration) {
        let (seconds, attoseconds) = span.components
        observe(Double(seconds) + Double(attoseconds) * 1e-18)
    }

    /// Takes in a time that is known in nanoseconds, in seconds.
    package func observe(nanoseconds: UInt64) { observe(Double(nanoseconds) * 1e-9) }

    /// How many values were taken in.
    package var count: UInt64 { cells.reduce(0) { $0 &+ $1.count.load(ordering: .relaxed) } }

    /// The sum of all values.
    package var sum: Double { Double(bitPattern: total.load(ordering: .relaxed)) }

    /// The count is that of the buckets and not one of its own: so they agree, whoever counts meanwhile.
    package func write(_ name: String, _ labels: MetricLabels, to text: inout MetricText) {
        var below: UInt64 = 0
        for (index, cell) in cells.enumerated() {
            below &+= cell.count.load(ordering: .relaxed)
            let bound = index < buckets.bounds.count ? buckets.bounds[index] : .infinity
            text.sample("\(name)_bucket", labels.adding("le", MetricText.number(bound)), Double(below))
        }
        text.sample("\(name)_sum", labels, sum)
        text.sample("\(name)_count", labels, Double(below))
    }
}
