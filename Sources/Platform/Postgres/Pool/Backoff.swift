/// How long to wait before the next attempt: twice as long each time, up to a ceiling, and never quite the same.
package struct Backoff: Sendable {
    private let first: Duration
    private let ceiling: Duration
    /// Attempts that failed since the last one that did not.
    package private(set) var failures = 0

    /// From the first wait to the longest.
    package init(first: Duration, ceiling: Duration) {
        self.first = first
        self.ceiling = ceiling
    }

    /// Counts a failure, and says how long to wait: between half of the span and all of it.
    ///
    /// Many gateways lose one server in the same moment; they are not to come back in the same moment too.
    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        var span = first
        for _ in 0..<failures where span < ceiling { span *= 2 }
        failures += 1
        return min(span, ceiling) * Double.random(in: 0.5...1, using: &generator)
    }

    /// Begins anew.
    package mutating func reset() { failures = 0 }
}
