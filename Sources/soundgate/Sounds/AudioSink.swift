import Crypto
import Glibc
import HTTP
import HTTPClient
import Threads

/// Writes a result to a file beside its destination, and moves it there once it is proved complete.
final class AudioSink: ByteSink {
    private let destination: Destination
    private let index: Int
    private var hash: SHA256? = SHA256()
    private var count = 0
    private var file: (descriptor: Int32, path: String)?
    /// Where the file will stand; known once the answer has begun.
    private(set) var finalPath: String?

    init(_ destination: Destination, index: Int) {
        self.destination = destination
        self.index = index
    }

    deinit { discard() }

    func head(_ status: Status, _ fields: Fields) async throws -> Acceptance {
        guard status == .ok else { return .refuse("the gateway answers \(status)") }
        let path = destination.path(for: index, suggested: fields["Content-Disposition"])
        try destination.checkFree(path)
        let random = Hex.encode(randomBytes(6))
        let partial = "\(Destination.folder(of: path)).soundgate-\(random).part"
        let descriptor = try retryingSystemCall("create", subject: path) {
            open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        }
        file = (descriptor, partial)
        finalPath = path
        return .accept
    }

    func write(_ bytes: [UInt8]) async throws {
        guard let file else { return }
        hash?.update(bytes)
        count += bytes.count
        var written = 0
        while written < bytes.count {
            written += try retryingSystemCall("write", subject: finalPath) {
                bytes[written...].withUnsafeBytes { Glibc.write(file.descriptor, $0.baseAddress, $0.count) }
            }
        }
    }

    /// Checks the file against what the task says of it, and puts it where it belongs.
    func finish(_ output: SoundTask.Output) throws -> String {
        guard let file, let finalPath, let digest = hash.take()?.finalize() else {
            throw CommandFailure(.protocolError, "output \(output.index) came without audio")
        }
        if let bytes = output.bytes, bytes != count {
            throw CommandFailure(
                .protocolError,
                "output \(output.index) has \(count) bytes instead of \(bytes)"
            )
        }
        if let sha256 = output.sha256, sha256 != digest.hex {
            throw CommandFailure(
                .protocolError,
                "output \(output.index) is damaged: its SHA-256 is not the task's"
            )
        }
        try destination.put(file.path, at: finalPath)
        discard()
        return finalPath
    }

    /// Closes and removes what is not finished.
    private func discard() {
        guard let file else { return }
        close(file.descriptor)
        unlink(file.path)
        self.file = nil
    }
}
