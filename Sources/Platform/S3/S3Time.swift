/// Where a client's time and chance come from.
package struct S3Time: Sendable {
    /// Seconds since 1970.
    package var now: @Sendable () -> Int64
    /// Waits; throws when the task is cancelled meanwhile.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// A number from 0 up to 1.
    package var chance: @Sendable () -> Double

    /// A sense of time; what is not given is the machine's own.
    package init(
        now: @escaping @Sendable () -> Int64,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        chance: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.now = now
        self.sleep = sleep
        self.chance = chance
    }
}
