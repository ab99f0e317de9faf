/// What a metric is, in the words of the exposition format.
package enum MetricKind: String, Sendable {
    case counter, gauge, histogram
}

/// One set of label values of a family, with what was measured for it.
///
/// By reference and without a lock: whoever counts often keeps the series and does not look it up each time.
package protocol MetricSeries: AnyObject, Sendable {
    /// What the family of such series is.
    static var kind: MetricKind { get }

    /// Writes its lines under a name and labels.
    func write(_ name: String, _ labels: MetricLabels, to text: inout MetricText)
}
