/// The upper bounds of a histogram's ranges, ascending; what is above the last one has a range of its own.
///
/// A bound is worth its line in every series where somebody decides by it: a limit that is promised, an alert, the
/// step from usual to slow. That is what each of these is made for.
package struct MetricBuckets: Sendable, Equatable {
    package let bounds: [Double]

    /// Ranges by their upper bounds, in any order.
    package init(_ bounds: [Double]) {
        self.bounds = Set(bounds.filter { $0.isFinite }).sorted()
    }

    /// The first range that a value fits into: its bound belongs to it.
    func index(of value: Double) -> Int {
        // A dozen bounds: a straight walk is as fast as any search, and most values are small.
        bounds.firstIndex { value <= $0 } ?? bounds.count
    }

    /// Answers of this process: from a tenth of a millisecond (memory alone) over 5 and 15 ms (the promise for durable
    /// creates at half and full load) to a minute (`Prefer: wait`).
    package static let answers = MetricBuckets([
        0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.015, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60,
    ])

    /// Calls over the internet that are answered at once: a few handshakes to the longest time-outs.
    package static let calls = MetricBuckets([0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120])

    /// Work that takes its time, such as a vendor's making of a song: a second to half an hour.
    package static let works = MetricBuckets([1, 5, 10, 20, 30, 60, 90, 120, 180, 300, 600, 1200, 1800])

    /// How late something happens that has its time: at once, a turn of a loop, a stall, minutes behind.
    package static let delays = MetricBuckets([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800])

    /// Writes to a disk: a tenth of a millisecond (flash with a cache of its own) to seconds (a disk in trouble).
    package static let commits = MetricBuckets([
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5,
    ])

    /// Things that share one go, doubling from one to 256.
    package static let batches = MetricBuckets([1, 2, 4, 8, 16, 32, 64, 128, 256])
}
