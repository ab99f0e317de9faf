import Glibc
package import Threads

/// A directory for PEM files, removed with everything in it.
package final class TestFolder: Sendable {
    package let path: String

    /// Makes a new one.
    package init() throws(SystemError) {
        var template = Array("/tmp/soundgate-tls-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        guard let directory = opendir(path) else { return }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            unlink("\(path)/\(name)")
        }
        closedir(directory)
        rmdir(path)
    }

    /// Writes a file, which only its owner may read unless `mode` says otherwise, and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String, mode: UInt32 = 0o600) throws(SystemError) -> String {
        let path = "\(path)/\(name)"
        let bytes = Array(text.utf8)
        let descriptor = try retryingSystemCall("open", subject: path) {
            open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        }
        defer { close(descriptor) }
        try retryingSystemCall("write", subject: path) { Glibc.write(descriptor, bytes, bytes.count) }
        try retryingSystemCall("fchmod", subject: path) { fchmod(descriptor, mode) }
        return path
    }

    /// Writes a certificate and its key, and returns their paths.
    package func write(_ identity: TestAuthority.Identity, as name: String = "tls") throws(SystemError)
        -> (certificate: String, key: String)
    {
        (try write(identity.certificate, to: "\(name).crt"), try write(identity.key, to: "\(name).key"))
    }
}
