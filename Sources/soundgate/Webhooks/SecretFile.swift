import Glibc
import Threads

/// A new file for a secret that can be had only once: made beforehand, so that it cannot fail for its name afterwards.
final class SecretFile {
    let path: String
    private let descriptor: Int32
    private var isKept = false

    /// Makes the file, which only its owner may read; what is there already stays as it is.
    init(creating path: String) throws(CommandFailure) {
        self.path = path
        do throws(SystemError) {
            descriptor = try retryingSystemCall("create", subject: path) {
                open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            }
        } catch {
            let reason = error.code == EEXIST ? "it exists, and nothing is overwritten" : error.reason
            throw CommandFailure(.cannotCreate, "cannot create \(path): \(reason)")
        }
    }

    deinit {
        close(descriptor)
        if !isKept { unlink(path) }
    }

    /// Writes the secret as a line, to stay there whatever happens to the machine.
    func keep(_ secret: String) throws(SystemError) {
        let bytes = Array("\(secret)\n".utf8)
        var written = 0
        while written < bytes.count {
            written += try retryingSystemCall("write", subject: path) {
                bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            }
        }
        try retryingSystemCall("fsync", subject: path) { fsync(descriptor) }
        isKept = true
    }
}
