import Glibc
import Testing
import Threads

/// A directory of a test's own, removed with everything in it when the test is done.
struct Folder: Sendable {
    let path: String

    /// Lends a new folder.
    static func with<Result>(_ body: (Folder) async throws -> Result) async throws -> Result {
        var template = Array("/tmp/soundgate-end-to-end-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = Folder(
            path: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        )
        defer { remove(folder.path) }
        return try await body(folder)
    }

    /// The path of a file in the folder.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try write(Array(text.utf8), to: name)
    }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let stream = try #require(fopen(file(name), "w"))
        defer { fclose(stream) }
        try #require(fwrite(bytes, 1, bytes.count, stream) == bytes.count)
        return file(name)
    }

    /// The bytes of a file; none when there is no such file.
    func bytes(of name: String) -> [UInt8] {
        guard let stream = fopen(file(name), "r") else { return [] }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&block, 1, block.count, stream), count > 0 { bytes += block[..<count] }
        return bytes
    }

    /// The text of a file.
    func text(of name: String) -> String { String(decoding: bytes(of: name), as: UTF8.self) }

    /// The names in the folder, sorted.
    var names: [String] { Self.names(in: path).sorted() }

    /// The names in a folder; none when it cannot be read.
    static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func remove(_ path: String) {
        for name in names(in: path) where unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
        rmdir(path)
    }
}
