import Crypto
import Glibc
import Threads

/// A folder of one process, in which audio is checked before it goes to a shelf.
///
/// Locked while the process lives, so that others which share the disk leave it alone.
final class Spool: Sendable {
    let directory: String
    private let lock: FileLock

    /// Makes a new one below a folder, and takes over what ended processes have left there.
    static func open(in parent: String) throws(SystemError) -> (own: Spool, abandoned: [Spool]) {
        // Held while looking and making: a folder that is not locked yet would look like one that was left.
        let door = try FileLock("\(parent)/lock", waiting: true)
        defer { extendLifetime(door) }
        var abandoned: [Spool] = []
        for name in try AssetFolder.names(in: parent) where name != "lock" {
            let path = "\(parent)/\(name)"
            do throws(SystemError) {
                abandoned.append(try Spool(path))
            } catch {
                guard error.code == EWOULDBLOCK || error.code == ENOTDIR else { throw error }
            }
        }
        let path = "\(parent)/\(Hex.encode(randomBytes(8)))"
        if mkdir(path, 0o700) != 0 { throw SystemError("mkdir", subject: path) }
        return (try Spool(path), abandoned)
    }

    private init(_ directory: String) throws(SystemError) {
        self.directory = directory
        lock = try FileLock("\(directory)/lock")
    }

    /// Removes what is not audio of use, and the folder itself when nothing is left in it.
    func removeIfEmpty() {
        for name in (try? AssetFolder.names(in: "\(directory)/incoming")) ?? [] {
            unlink("\(directory)/incoming/\(name)")
        }
        rmdir("\(directory)/incoming")
        for byte in UInt8.min...UInt8.max {
            guard rmdir("\(directory)/\(Hex.encode([byte]))") == 0 || errno == ENOENT else { return }
        }
        unlink("\(directory)/lock")
        rmdir(directory)
    }
}
