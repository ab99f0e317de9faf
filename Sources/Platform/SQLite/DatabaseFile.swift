import Glibc
import Threads

/// The database file on disk and the lock that says it is ours.
///
/// The lock is `flock` on a side file: SQLite's own locks come and go with each transaction, and they would be lost
/// with any descriptor of the main file that this process closes. The system drops it when the process dies.
final class DatabaseFile: Sendable {
    private let lock: Int32

    /// Makes the missing directories (0700) and the file (0600), and locks it.
    init(path: String) throws(DatabaseOpeningError) {
        do throws(SystemError) {
            try DatabaseFile.makeDirectories(above: path)
            let lock = try DatabaseFile.make(path + ".lock")
            self.lock = lock
        } catch {
            throw .system(error)
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            if code == EWOULDBLOCK { throw .inUse(path: path, process: readProcess()) }
            throw .system(SystemError("flock", subject: path, code: code))
        }
        let isDatabase: Bool
        do throws(SystemError) {
            try writeProcess()
            let file = try DatabaseFile.make(path)
            defer { close(file) }
            // SQLite would take a file of a few bytes for an empty database and write over it.
            isDatabase = DatabaseFile.isEmptyOrDatabase(file)
        } catch {
            throw .system(error)
        }
        guard isDatabase else { throw .notADatabase(path: path) }
    }

    // The side file stays: removing it would let two processes lock two files of the same name.
    deinit { close(lock) }

    /// Lets another process have the file before this value goes away.
    func unlock() { flock(lock, LOCK_UN) }

    private static func make(_ path: String) throws(SystemError) -> Int32 {
        try retryingSystemCall("open", subject: path) {
            unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        }
    }

    private static func makeDirectories(above path: String) throws(SystemError) {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        let directory = String(path[..<slash])
        if unsafe access(directory, F_OK) == 0 { return }
        try makeDirectories(above: directory)
        guard unsafe mkdir(directory, 0o700) != 0, errno != EEXIST else { return }
        throw SystemError("mkdir", subject: directory)
    }

    private static func isEmptyOrDatabase(_ file: Int32) -> Bool {
        var header = [UInt8](repeating: 0, count: 16)
        let count = unsafe pread(file, &header, header.count, 0)
        return count == 0 || header == Array("SQLite format 3\0".utf8)
    }

    private func writeProcess() throws(SystemError) {
        let text = Array("\(getpid())\n".utf8)
        try retryingSystemCall("ftruncate") { ftruncate(lock, 0) }
        try retryingSystemCall("pwrite") { unsafe pwrite(lock, text, text.count, 0) }
    }

    private func readProcess() -> Int? {
        var text = [UInt8](repeating: 0, count: 20)
        let count = unsafe pread(lock, &text, text.count, 0)
        return Int(
            String(decoding: text.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        )
    }
}
