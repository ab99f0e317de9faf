package import Glibc
package import Threads

/// A new content for a file, put in its place in steps: after each of them the old file or the new one is there, whole.
package struct FileReplacement {
    /// What is done, in this order.
    package enum Step: CaseIterable, Sendable {
        /// Makes a file beside it (0600), in place of one that a crash left.
        case create
        /// Writes the content there.
        case write
        /// Brings it to the disk.
        case sync
        /// Gives it the name of the old one.
        case rename
        /// Brings the name to the disk.
        case syncFolder
    }

    private let path: String
    private let content: [UInt8]
    private let old: stat?
    private var descriptor: Int32 = -1

    /// Nothing is done yet; with `old` its owner is kept, as far as this process may.
    package init(of path: String, with content: [UInt8], like old: stat?) {
        self.path = path
        self.content = content
        self.old = old
    }

    /// Only whoever holds the lock makes it, so one name is enough.
    private var newPath: String { path + ".new" }

    /// Does one step.
    package mutating func perform(_ step: Step) throws(SystemError) {
        switch step {
        case .create: try create()
        case .write: try write()
        case .sync: try sync()
        case .rename:
            try retryingSystemCall("rename", subject: path) { Glibc.rename(newPath, path) }
        case .syncFolder:
            try VaultFile.syncFolder(of: path)
        }
    }

    /// Removes what the steps so far have left beside the file.
    package mutating func abandon() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        unlink(newPath)
    }

    private mutating func create() throws(SystemError) {
        if unlink(newPath) != 0, errno != ENOENT { throw SystemError("unlink", subject: newPath) }
        descriptor = try retryingSystemCall("create", subject: newPath) {
            open(newPath, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        // Root writes for the user that the gateway runs as; for anybody else it is their own anyway.
        guard let old, geteuid() == 0 else { return }
        try retryingSystemCall("fchown", subject: newPath) { fchown(descriptor, old.st_uid, old.st_gid) }
    }

    private func write() throws(SystemError) {
        var rest = content[...]
        while !rest.isEmpty {
            let count = try retryingSystemCall("write", subject: newPath) {
                rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            }
            rest = rest.dropFirst(count)
        }
    }

    private mutating func sync() throws(SystemError) {
        try retryingSystemCall("fsync", subject: newPath) { fsync(descriptor) }
        close(descriptor)
        descriptor = -1
    }
}
