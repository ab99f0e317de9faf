/// How the doubles behave as a whole.
package struct EmulatorOptions: Sendable {
    /// How many times faster than the vendors the doubles work; 1 takes as long as they do.
    package var speed: Double
    /// How long each result file makes its first byte wait; not divided by `speed`.
    package var assetLatency: Duration
    /// Whether only this machine can reach the doubles; the control route is refused otherwise.
    package var isOnLoopback: Bool
    /// Where a directory of our own is made for rendered audio; it must exist.
    package var temporaryDirectory: String
    /// How many calls, and how many tasks of each vendor, are remembered; the oldest go first.
    package var retention: Int
    /// How many rendered files are kept on disk; the oldest go first and are made again when asked for.
    package var keptFiles: Int
    /// How many tasks' callbacks, and repetitions of refused ones, may wait at a time; more are dropped.
    package var pendingCallbacks: Int
    /// What stands in for each sound, by the name of its file; for those who try other things than the audio.
    package var standIn: (@Sendable (_ name: String) -> [UInt8])?

    /// Options; a speed that is no positive number becomes 1.
    package init(
        speed: Double = 1,
        assetLatency: Duration = .zero,
        isOnLoopback: Bool,
        temporaryDirectory: String = "/tmp",
        retention: Int = 10_000,
        keptFiles: Int = 512,
        pendingCallbacks: Int = 50_000
    ) {
        self.speed = speed.isFinite && speed > 0 ? speed : 1
        self.assetLatency = assetLatency
        self.isOnLoopback = isOnLoopback
        self.temporaryDirectory = temporaryDirectory
        self.retention = max(retention, 1)
        self.keptFiles = max(keptFiles, 1)
        self.pendingCallbacks = max(pendingCallbacks, 1)
    }
}
