/// How often a call is made, and how long is waited between two tries.
package struct S3Patience: Sendable, Equatable {
    /// The most calls for one thing, the first included.
    package var calls: Int
    /// What the wait after the first try is at most; it doubles with each one.
    package var first: Duration
    /// What no wait exceeds, not even one that the store asks for.
    package var ceiling: Duration

    /// The usual patience: some ten seconds in all.
    package init(calls: Int = 6, first: Duration = .milliseconds(200), ceiling: Duration = .seconds(5)) {
        self.calls = calls
        self.first = first
        self.ceiling = ceiling
    }

    /// The wait after the try of that number, the first being 1.
    ///
    /// Anything up to twice the last one at random, so that many who failed together do not come back together; never
    /// less than the store asks for, up to the ceiling. `chance` goes from 0 up to 1.
    package func pause(after tries: Int, asked: Duration?, chance: Double) -> Duration {
        let most = min(first * (1 << min(max(tries, 1) - 1, 20)), ceiling)
        let drawn = most * min(max(chance, 0), 1)
        return max(drawn, min(asked ?? .zero, ceiling))
    }
}
