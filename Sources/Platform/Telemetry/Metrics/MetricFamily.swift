import Synchronization
import Threads

/// All series of one name: what it means, and which labels tell them apart.
///
/// The labels are fixed when it is declared, and so is how many series it may have. Values beyond that share one series
/// whose labels all read `other`: what is counted stays right, and memory bounded, whatever a label turns out to hold.
package final class MetricFamily<Series: MetricSeries>: Sendable {
    package let name: String
    let help: String
    let labels: [String]
    private let most: Int
    private let make: @Sendable () -> Series
    private let series = Guarded<[[String]: Series]>([:])
    private let overflown = Atomic<Int>(0)

    /// A family; without labels its one series is there from the start, and reads zero.
    init(
        _ name: String,
        _ help: String,
        labels: [String],
        most: Int,
        make: @escaping @Sendable () -> Series
    ) {
        precondition(Self.isName(name, colons: true), "not a metric's name: \(name)")
        precondition(
            labels.allSatisfy { Self.isName($0, colons: false) },
            "not all labels of \(name) are names"
        )
        self.name = name
        self.help = help
        self.labels = labels
        self.most = most
        self.make = make
        if labels.isEmpty { _ = self[] }
    }

    /// The series of these label values, in the order in which the labels were declared.
    package subscript(_ values: String...) -> Series { self.series(values) }

    /// The same, of values in an array.
    package func series(_ values: [String]) -> Series {
        precondition(values.count == labels.count, "\(name) has the labels \(labels)")
        return series.withLock { series in
            if let known = series[values] { return known }
            guard series.count < most || values.isEmpty else {
                overflown.wrappingAdd(1, ordering: .relaxed)
                return rest(&series)
            }
            let new = make()
            series[values] = new
            return new
        }
    }

    private func rest(_ series: inout [[String]: Series]) -> Series {
        let others = labels.map { _ in "other" }
        if let known = series[others] { return known }
        let new = make()
        series[others] = new
        return new
    }

    /// How often a series was asked for that there was no room for.
    package var overflows: Int { overflown.load(ordering: .relaxed) }
}

extension MetricFamily where Series == Gauge {
    /// Lets exactly these series stand at these values: what is no longer measured is no longer told.
    package func replace(_ values: [[String]: Double]) {
        let next = values.count <= most ? values : bounded(values)
        series.withLock { series in
            series = next.reduce(into: [:]) { replaced, entry in
                let gauge = series[entry.key] ?? Gauge()
                gauge.set(entry.value)
                replaced[entry.key] = gauge
            }
        }
    }

    /// The first ones by their labels; the others together.
    private func bounded(_ values: [[String]: Double]) -> [[String]: Double] {
        let sorted = values.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        overflown.wrappingAdd(values.count - most, ordering: .relaxed)
        var bounded = Dictionary(uniqueKeysWithValues: sorted.prefix(most).map { ($0.key, $0.value) })
        bounded[labels.map { _ in "other" }, default: 0] += sorted.dropFirst(most).reduce(0) { $0 + $1.value }
        return bounded
    }
}

/// A family of whatever kind, to be written.
protocol WritableFamily: AnyObject, Sendable {
    var name: String { get }
    var overflows: Int { get }
    func write(to text: inout MetricText)
}

extension MetricFamily: WritableFamily {
    func write(to text: inout MetricText) {
        let all = series.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        text.head(name, help, Series.kind)
        for (values, one) in all { one.write(name, MetricLabels(labels, values), to: &text) }
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`, colons for metrics alone.
    private static func isName(_ text: String, colons: Bool) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first) else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            case UInt8(ascii: ":"): colons
            default: false
            }
        }
    }
}
