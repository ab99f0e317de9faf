import Glibc
import HTTP
import HTTPClient
import Threads

/// Writes an answer's content to a new file, on a worker thread, piece by piece.
///
/// On a full disk it can wait: then the peer waits too, for nobody takes what it sends.
final class FileSink: ByteSink, Sendable {
    private struct State {
        var descriptor: Int32 = -1
        var failure: String?
    }

    private let path: String
    private let pool: WorkerPool
    private let patience: Duration
    private let state = Guarded(State())

    private static let pause = Duration.milliseconds(250)

    /// A sink whose pieces wait so long for room on the disk, each of them.
    init(path: String, pool: WorkerPool, patience: Duration = .zero) {
        self.path = path
        self.pool = pool
        self.patience = patience
    }

    /// What went wrong with our own disk, as opposed to the peer.
    var storageFailure: String? { state.withLock { $0.failure } }

    func head(_ status: Status, _ fields: Fields) async throws -> Acceptance {
        guard status.code == 200 else { return .refuse("status \(status.code)") }
        if let type = fields["content-type"].flatMap({ MediaType($0) }), type.type == "text" || type.isJSON {
            return .refuse("content of type \(type.essence) where audio should be")
        }
        try await onDisk { [path] state throws(SystemError) in
            state.descriptor = try retryingSystemCall("open", subject: path) {
                open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            }
        }
        return .accept
    }

    func write(_ bytes: [UInt8]) async throws {
        var written = 0
        var waited = Duration.zero
        while written < bytes.count {
            let isWaiting = waited < patience
            let count = try await onDisk { [path, written] state throws(SystemError) in
                let descriptor = state.descriptor
                do throws(SystemError) {
                    return try retryingSystemCall("write", subject: path) {
                        bytes[written...].withUnsafeBytes {
                            Glibc.write(descriptor, $0.baseAddress, $0.count)
                        }
                    }
                } catch  where isWaiting && (error.code == ENOSPC || error.code == EDQUOT) {
                    return 0
                }
            }
            written += count
            guard count == 0 else { continue }
            try await Task.sleep(for: Self.pause)
            waited += Self.pause
        }
    }

    /// Closes the file; the result is what went wrong.
    func finish() async -> String? {
        try? await onDisk { state throws(SystemError) in
            guard state.descriptor >= 0 else { return }
            close(state.descriptor)
            state.descriptor = -1
        }
        return storageFailure
    }

    /// Closes and removes the file.
    func discard() async {
        _ = await finish()
        unlink(path)
    }

    private func onDisk<Result: Sendable>(
        _ body: @escaping @Sendable (inout State) throws(SystemError) -> Result
    ) async throws -> Result {
        try await pool.run { [state] in
            try state.withLock { state in
                do throws(SystemError) {
                    return try body(&state)
                } catch {
                    state.failure = error.description
                    throw error
                }
            }
        }
    }
}
