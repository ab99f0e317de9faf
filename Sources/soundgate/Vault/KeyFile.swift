import Crypto
import Glibc
import Threads
import Vault

/// A file with nothing but a vault's key.
enum KeyFile {
    /// The key in the file, without line ends behind it.
    static func read(_ path: String) throws -> Secret<String> {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & 0o077 != 0 {
            Console.note("\(path) can be read or written by others: chmod 600 \(path)")
        }
        var text = try TextFile.contents(of: path)[...]
        while text.last?.isNewline == true { text.removeLast() }
        return Secret(String(text))
    }

    /// The key in the file, or a random one in a new file (0600), which is on the disk before `use` seals anything.
    static func readOrMake(_ path: String, _ use: (VaultKey) throws -> Void) throws {
        if access(path, F_OK) == 0 {
            try use(try VaultKey(try read(path)))
            return
        }
        let (key, text) = VaultKey.random()
        do throws(SystemError) {
            try VaultFile.makeFolders(above: path)
        } catch {
            throw CommandFailure(.cannotCreate, "cannot create \(path): \(error.reason)")
        }
        let file = try SecretFile(creating: path)
        do throws(SystemError) {
            try text.reveal { text throws(SystemError) in try file.keep(text) }
            try VaultFile.syncFolder(of: path)
        } catch {
            throw CommandFailure(.cannotCreate, "cannot write \(path): \(error.reason)")
        }
        do {
            try use(key)
        } catch let error as VaultFileError where error.reason == .exists {
            unlink(path)
            throw error
        } catch {
            // Perhaps the vault was sealed with it and only the last step failed: nobody else has this key.
            Console.note("\(path) was made with a new random key; keep it until the vault is known to open")
            throw error
        }
        Console.note("\(path) has a new random key; keep a copy of it where the vault's copies are not")
    }
}
