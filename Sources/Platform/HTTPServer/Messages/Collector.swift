import Threads

/// Bytes put together by a stream that is collected in memory.
final class Collector: Sendable {
    private let storage = Guarded<[UInt8]>([])

    var bytes: [UInt8] { storage.withLock { $0 } }

    func append(_ bytes: [UInt8]) {
        storage.withLock { $0 += bytes }
    }
}
