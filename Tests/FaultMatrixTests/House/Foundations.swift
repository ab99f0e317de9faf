import Assets
import EventLoop
import Foundation
import Threads

/// What all cases share: it lives as long as the process, as loops must.
struct Foundations: Sendable {
    static let shared = Result { try Foundations() }

    let engineLoop: EventLoop
    let vendorLoop: EventLoop
    let pool: WorkerPool
    let store: AssetStore

    init() throws {
        engineLoop = try EventLoop(name: "engine")
        vendorLoop = try EventLoop(name: "vendors")
        try engineLoop.start()
        try vendorLoop.start()
        pool = try WorkerPool(name: "work", threads: 2)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "matrix-\(UUID().uuidString)"
        )
        store = try AssetStore(directory: folder.path)
        // Seen by `atexit`, which takes no context.
        leftBehind.withLock { $0 = folder.path }
        atexit { leftBehind.withLock { path in try? FileManager.default.removeItem(atPath: path) } }
    }
}

private let leftBehind = Guarded("")
