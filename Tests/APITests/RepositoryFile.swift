import Glibc
import Testing

/// The text of a file of the repository, by its path from the root.
func repositoryFile(_ path: String) throws -> String {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let file = try #require(fopen("/\(root)/\(path)", "r"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        if count == 0 { break }
        bytes += buffer.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// The paths of all files under a folder of the repository, in it and in its folders.
func repositoryFiles(_ folder: String) throws -> [String] {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let listing = try #require(opendir("/\(root)/\(folder)"))
    defer { closedir(listing) }
    var paths: [String] = []
    while let entry = readdir(listing) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name.hasPrefix(".") { continue }
        let path = "\(folder)/\(name)"
        paths += entry.pointee.d_type == UInt8(DT_DIR) ? try repositoryFiles(path) : [path]
    }
    return paths
}

/// Removes a file; nothing happens when there is none.
func removeFile(_ path: String) { unlink(path) }
