import EventLoop

/// An actor without state whose executor is a loop: code isolated to it is on the loop's thread, always.
actor LoopIsolation {
    private nonisolated let loop: EventLoop

    /// The isolation of a loop.
    init(_ loop: EventLoop) {
        self.loop = loop
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }
}
