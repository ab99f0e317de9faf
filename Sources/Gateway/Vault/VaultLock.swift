import Glibc
import Threads

/// Keeps two processes from writing vaults of one folder at the same time.
///
/// The lock is advisory and lies on the folder: the file itself is another one after each write, and a side file
/// would stay behind. The system drops it when the process dies.
struct VaultLock {
    private let folder: Int32

    /// Waits up to ten seconds for the lock.
    init(besides path: String) throws(VaultFileError) {
        let name = Self.folder(of: path)
        do throws(SystemError) {
            folder = try retryingSystemCall("open", subject: name) {
                open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            }
        } catch {
            throw VaultFileError(path, error.code == ENOENT ? .missing : .system(error))
        }
        // A signal would not end a wait in the kernel where signals are kept for later.
        for _ in 0..<500 {
            if flock(folder, LOCK_EX | LOCK_NB) == 0 { return }
            let code = errno
            guard code == EWOULDBLOCK || code == EINTR else {
                close(folder)
                throw VaultFileError(path, .system(SystemError("flock", subject: name, code: code)))
            }
            usleep(20_000)
        }
        close(folder)
        throw VaultFileError(path, .busy)
    }

    /// Lets others write.
    func release() { close(folder) }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
