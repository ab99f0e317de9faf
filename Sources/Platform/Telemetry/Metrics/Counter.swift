import Synchronization

/// A number of things that have happened since the process began.
package final class Counter: MetricSeries {
    package static let kind = MetricKind.counter

    private let count = Atomic<UInt64>(0)
    /// What somebody else counts, as the bits of a `Double`.
    private let followed = Atomic<UInt64>(0)

    /// Nothing has happened yet.
    package init() {}

    /// Counts so many more; what is negative counts nothing.
    package func add(_ number: Int = 1) {
        guard number > 0 else { return }
        count.wrappingAdd(UInt64(number), ordering: .relaxed)
    }

    /// Takes over a count that somebody else keeps; a lower one changes nothing, for counters never go back.
    package func follow(_ total: Double) {
        guard total > 0 else { return }
        // Of numbers that are not negative the greater one has the greater bits.
        _ = followed.max(total.bitPattern, ordering: .relaxed)
    }

    /// The same for whole things.
    package func follow(_ total: Int) { follow(Double(total)) }

    /// What has been counted.
    package var value: Double {
        Double(count.load(ordering: .relaxed)) + Double(bitPattern: followed.load(ordering: .relaxed))
    }

    package func write(_ name: String, _ labels: MetricLabels, to text: inout MetricText) {
        text.sample(name, labels, value)
    }
}
