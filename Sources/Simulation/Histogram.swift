import Glibc

/// How often each length of time was seen, to about two percent.
struct Histogram: Sendable {
    /// Buckets for each doubling.
    private static let fineness = 32.0

    private var buckets: [UInt64] = []
    private(set) var count: UInt64 = 0
    private(set) var sum = 0.0
    private(set) var most: UInt64 = 0

    /// Takes in a span in nanoseconds.
    mutating func add(_ nanoseconds: UInt64) {
        count += 1
        sum += Double(nanoseconds)
        most = max(most, nanoseconds)
        let bucket = nanoseconds < 1000 ? 0 : 1 + Int(log2(Double(nanoseconds) / 1000) * Self.fineness)
        if bucket >= buckets.count {
            buckets.append(contentsOf: repeatElement(0, count: bucket + 1 - buckets.count))
        }
        buckets[bucket] += 1
    }

    mutating func add(_ other: Histogram) {
        count += other.count
        sum += other.sum
        most = max(most, other.most)
        if buckets.count < other.buckets.count {
            buckets.append(contentsOf: repeatElement(0, count: other.buckets.count - buckets.count))
        }
        for (index, value) in other.buckets.enumerated() { buckets[index] += value }
    }

    var mean: Double { count == 0 ? 0 : sum / Double(count) }

    /// The span below which such a part of all lies, in nanoseconds.
    func quantile(_ part: Double) -> Double {
        let wanted = max(1, UInt64((part * Double(count)).rounded(.up)))
        var seen: UInt64 = 0
        for (bucket, value) in buckets.enumerated() {
            seen += value
            guard seen >= wanted else { continue }
            return bucket == 0 ? 0 : min(1000 * exp2(Double(bucket) / Self.fineness), Double(most))
        }
        return 0
    }

    /// The middle one, the ninety-ninth of a hundred and the longest, in milliseconds.
    var summary: (p50: Double, p99: Double, most: Double) {
        (quantile(0.5) / 1e6, quantile(0.99) / 1e6, Double(most) / 1e6)
    }
}
