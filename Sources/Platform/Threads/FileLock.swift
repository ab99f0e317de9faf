import Glibc

/// A file that at most one holder has locked, among all processes of the machine and of those that share the disk.
///
/// By `flock(2)`: the system takes the lock back when the process ends, however it ends.
package final class FileLock: Sendable {
    private let descriptor: Int32

    /// Locks a file, and makes it where it is missing.
    ///
    /// - Throws: with the code `EWOULDBLOCK` when another holds it and `waiting` is false.
    package init(_ path: String, waiting: Bool = false) throws(SystemError) {
        do throws(SystemError) {
            // Not for writing: the disk can still be made read-only.
            descriptor = try Self.lock(path, O_RDONLY, waiting)
        } catch {
            // A network file system wants it open for writing.
            guard error.code == EBADF else { throw error }
            descriptor = try Self.lock(path, O_RDWR, waiting)
        }
    }

    private static func lock(_ path: String, _ mode: Int32, _ waiting: Bool) throws(SystemError) -> Int32 {
        let descriptor = try retryingSystemCall("open", subject: path) {
            unsafe open(path, mode | O_CREAT | O_CLOEXEC, 0o600)
        }
        while flock(descriptor, LOCK_EX | (waiting ? 0 : LOCK_NB)) != 0 {
            let error = SystemError("flock", subject: path)
            if error.code == EINTR { continue }
            close(descriptor)
            throw error
        }
        return descriptor
    }

    deinit { close(descriptor) }
}
