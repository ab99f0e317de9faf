import Assets
import AudioFile
import Providers
import Sound
import Synchronization
import Threads

/// A flag that long work on a worker thread looks at.
final class Cancellation: Sendable {
    private let flag = Atomic(false)

    var isCancelled: Bool { flag.load(ordering: .relaxed) }

    func cancel() { flag.store(true, ordering: .relaxed) }
}

/// Turns a source of frames into a kept audio file, on a worker thread.
struct Rendering: Sendable {
    /// What came of it.
    enum Outcome: Sendable {
        case made(AssetRecord, title: String)
        case cancelled
        /// Our own disk did not take it; another try may.
        case storage(String)
        case failed(String)
    }

    let store: AssetStore
    let format: SoundFormat
    let seed: UInt64

    /// A task's own seed: the same after a restart, so that a rendering that was cut short ends as it would have.
    static func seed(of id: TaskID) -> UInt64 {
        id.rawValue.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    func run(
        _ source: sending any FrameSource,
        on pool: WorkerPool,
        cancellation: Cancellation,
        progress: @escaping @Sendable (Double) -> Void
    ) async -> Outcome {
        let box = Handover(source)
        do {
            let outcome = try await pool.run {
                guard var source = box.take() else { return Outcome.cancelled }
                return try render(&source, cancellation, progress)
            }
            if case .made(let asset, _) = outcome { try await store.settle(asset) }
            return outcome
        } catch AssetError.shelf(let error) where error.kind == .cancelled {
            return .cancelled
        } catch let error as AssetError where error.isStorage {
            return .storage("\(error)")
        } catch let error as AudioFileError where AssetError(error).isStorage {
            return .storage("\(AssetError(error))")
        } catch {
            return .failed("\(error)")
        }
    }

    private func render(
        _ source: inout any FrameSource,
        _ cancellation: Cancellation,
        _ progress: (Double) -> Void
    ) throws -> Outcome {
        // It may have stood in line for a thread longer than anybody wanted it.
        if cancellation.isCancelled { return .cancelled }
        let temporary = store.temporaryPath()
        // Once kept it is gone from here; whatever else happened, it is not wanted.
        defer { store.discard(temporary) }
        let writer = try AudioWriter(
            path: temporary,
            format: AudioFormat(format),
            sampleRate: 44_100,
            channels: 2
        )
        var block: [Float] = []
        var done = 0
        var told = 0
        while true {
            if cancellation.isCancelled { return .cancelled }
            let frames = source.render(into: &block, frames: 4096)
            if frames == 0 { break }
            try writer.write(block.prefix(frames * 2))
            done += frames
            if done - told > 44_100 * 5 {
                told = done
                progress(Double(done) / Double(max(source.frameCount, 1)))
            }
        }
        try writer.finish()
        return .made(try store.keep(temporary), title: source.title)
    }
}

/// Carries a value that cannot be shared to the one thread that will use it.
private final class Handover<Value>: @unchecked Sendable {
    private let value: Guarded<Value?>

    init(_ value: sending Value) { self.value = Guarded(value) }

    /// The value, once.
    func take() -> Value? {
        value.withLock { value in
            defer { value = nil }
            return value
        }
    }
}
