import AudioFile
import Glibc
import HTTPServer
import Synthesis
import Threads

/// Result files, made when first asked for and kept on disk for a while.
///
/// The same name is always asked for with the same specification, so whoever comes while a file is being made waits for
/// that one, and a file that was dropped is made again with the same bytes.
final class AudioShelf: Sendable {
    /// Writes a sound into the file at a path.
    typealias Rendering = @Sendable (_ path: String) throws -> Void

    private typealias Waiter = CheckedContinuation<OpenFile, any Error>

    private struct State {
        /// Those who wait for a file that is being made.
        var making: [String: [Waiter]] = [:]
        var kept: Set<String> = []
        var order: RecentItems<String>
    }

    private let directory: TemporaryDirectory
    private let pool: WorkerPool
    private let capacity: Int
    private let standIn: (@Sendable (String) -> [UInt8])?
    private let state: Guarded<State>

    init(
        directory: TemporaryDirectory,
        pool: WorkerPool,
        capacity: Int,
        standIn: (@Sendable (String) -> [UInt8])? = nil
    ) {
        self.standIn = standIn
        self.directory = directory
        self.pool = pool
        self.capacity = capacity
        state = Guarded(State(order: RecentItems(capacity: capacity)))
    }

    /// The MP3 file of that name, made now if need be.
    ///
    /// - Throws: `AudioFileError` or `SystemError`, as when the disk is full.
    func file(_ name: String, _ specification: SoundSpecification) async throws -> OpenFile {
        try await file("\(name).mp3") { try AudioShelf.render(specification, to: $0) }
    }

    /// The file of that name, made now if need be; the same name is always made in the same way.
    ///
    /// - Throws: what the rendering throws, or `SystemError`.
    func file(_ name: String, by rendering: @escaping Rendering) async throws -> OpenFile {
        if let file = openKept(name) { return file }
        return try await withCheckedThrowingContinuation { continuation in
            let isFirst = state.withLock { state in
                state.making[name, default: []].append(continuation)
                return state.making[name]?.count == 1
            }
            if isFirst { pool.submit { self.make(name, rendering) } }
        }
    }

    /// Drops all files.
    func reset() {
        let names = state.withLock { state in
            defer {
                state.kept = []
                state.order = RecentItems(capacity: capacity)
            }
            return state.kept
        }
        for name in names { unlink(path(name)) }
    }

    private func path(_ name: String) -> String { "\(directory.path)/\(name)" }

    private func openKept(_ name: String) -> OpenFile? {
        guard state.withLock({ $0.kept.contains(name) }) else { return nil }
        // Gone from under us it is simply made again.
        return try? OpenFile(path: path(name))
    }

    /// Runs on a thread of the pool.
    private func make(_ name: String, _ rendering: Rendering) {
        let result = Result {
            if let file = openKept(name) { return file }
            let path = path(name)
            if let standIn { try Self.write(standIn(name), to: path) } else { try rendering(path) }
            return try OpenFile(path: path)
        }
        let (waiters, gone) = state.withLock { state in
            let waiters = state.making.removeValue(forKey: name) ?? []
            var gone: String?
            if case .success = result, state.kept.insert(name).inserted {
                gone = state.order.append(name)
                if let gone { state.kept.remove(gone) }
            }
            return (waiters, gone)
        }
        // Whoever has it open keeps it open.
        if let gone { unlink(path(gone)) }
        for waiter in waiters { waiter.resume(with: result) }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = try retryingSystemCall("open", subject: path) {
            open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            written += try retryingSystemCall("write", subject: path) {
                bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            }
        }
    }

    /// Writes the whole sound of a specification.
    static func render(
        _ specification: SoundSpecification,
        to path: String,
        as format: AudioFormat = .mp3
    ) throws {
        let writer = try AudioWriter(
            path: path,
            format: format,
            sampleRate: Synthesizer.sampleRate,
            channels: Synthesizer.channels
        )
        var synthesizer = Synthesizer(specification)
        var block: [Float] = []
        while synthesizer.render(into: &block, frames: 4096) > 0 { try writer.write(block) }
        try writer.finish()
    }
}
