import Crypto
import Glibc
package import Sound
package import Threads

/// The folder of an asset store as it lies on the disk, for looking after it.
///
/// All calls block: they belong on a worker thread.
package struct AssetFolder: Sendable {
    /// A file under the name of its content.
    package struct File: Sendable, Hashable {
        package let sha256: String
        package let format: SoundFormat
        package let bytes: Int64
        package let path: String
        /// When it was last written.
        package let modified: Moment

        /// A file as it was found; the path of an object is its address.
        package init(sha256: String, format: SoundFormat, bytes: Int64, path: String, modified: Moment) {
            self.sha256 = sha256
            self.format = format
            self.bytes = bytes
            self.path = path
            self.modified = modified
        }

        /// What it would be if a task had it; how long it plays nobody knows.
        package var asset: AssetRecord {
            AssetRecord(sha256: sha256, format: format, bytes: bytes, duration: 0)
        }
    }

    private let directory: String

    /// The folder at a path; nothing is made or changed.
    package init(_ directory: String) { self.directory = directory }

    /// Every kept file; none when there is no folder yet.
    ///
    /// What is not named like one of ours is left out.
    package func files() throws(SystemError) -> [File] {
        var files: [File] = []
        for byte in UInt8.min...UInt8.max { files += try self.files(under: byte) }
        return files
    }

    /// The kept files whose content's hash begins with a byte.
    package func files(under byte: UInt8) throws(SystemError) -> [File] {
        var files: [File] = []
        let folder = "\(directory)/\(Hex.encode([byte]))"
        for name in try Self.names(in: folder) {
            guard let (sha256, format) = Self.content(name: name) else { continue }
            let path = "\(folder)/\(name)"
            var status = stat()
            guard stat(path, &status) == 0 else {
                // A gateway at work has removed it meanwhile.
                if errno == ENOENT { continue }
                throw SystemError("stat", subject: path)
            }
            let seconds = Int64(status.st_mtim.tv_sec)
            files.append(
                File(
                    sha256: sha256,
                    format: format,
                    bytes: Int64(status.st_size),
                    path: path,
                    modified: Moment(milliseconds: seconds * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000)
                )
            )
        }
        return files
    }

    /// The content that a file or an object of this name has; `nil` when it is not named like one of ours.
    static func content(name: String) -> (sha256: String, format: SoundFormat)? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 64,
            let format = SoundFormat(rawValue: String(parts[1]))
        else { return nil }
        return (String(parts[0]), format)
    }

    /// Whether a file's content is still what its name says.
    package func isWhole(_ file: File) throws(SystemError) -> Bool {
        let descriptor = try retryingSystemCall("open", subject: file.path) {
            open(file.path, O_RDONLY | O_CLOEXEC)
        }
        defer { close(descriptor) }
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try retryingSystemCall("read", subject: file.path) {
                buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            }
            if count == 0 { break }
            hash.update(Array(buffer.prefix(Int(count))))
        }
        return hash.finalize().hex == file.sha256
    }

    /// Removes a file.
    package func remove(_ file: File) throws(SystemError) {
        guard unlink(file.path) == 0 || errno == ENOENT else {
            throw SystemError("unlink", subject: file.path)
        }
    }

    /// What lies in a folder, hidden files aside; nothing when it is not there.
    static func names(in folder: String) throws(SystemError) -> [String] {
        guard let handle = opendir(folder) else {
            if errno == ENOENT { return [] }
            throw SystemError("opendir", subject: folder)
        }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
