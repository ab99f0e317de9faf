import Crypto
import Glibc
import Threads

/// A directory of our own that goes away with its owner, and all files in it.
final class TemporaryDirectory: Sendable {
    let path: String

    /// Makes a directory that only this user can enter.
    init(in parent: String) throws(SystemError) {
        path = "\(parent)/soundgate-emulate-\(Hex.encode(randomBytes(8)))"
        try retryingSystemCall("mkdir", subject: path) { mkdir(path, 0o700) }
    }

    deinit { remove() }

    /// Removes the directory and its files, which are all its own; again does nothing.
    func remove() {
        guard let directory = opendir(path) else { return }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { start in
                start.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { unlink("\(path)/\(name)") }
        }
        closedir(directory)
        rmdir(path)
    }
}
