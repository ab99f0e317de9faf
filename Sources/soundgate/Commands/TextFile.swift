import Glibc
import Threads

/// A file read as a whole.
enum TextFile {
    /// The text of a file that the command line names.
    static func contents(of path: String) throws(CommandFailure) -> String {
        do throws(SystemError) {
            return try read(path)
        } catch {
            throw CommandFailure(.noInput, "cannot read \(path): \(error.reason)")
        }
    }

    /// The text of the file; bytes that are not UTF-8 show as replacement characters.
    static func read(_ path: String) throws(SystemError) -> String {
        let descriptor = try retryingSystemCall("open", subject: path) { open(path, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try retryingSystemCall("read", subject: path) {
                block.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            }
            if count == 0 { break }
            content += block[..<count]
        }
        return String(decoding: content, as: UTF8.self)
    }
}
