import Glibc
import Threads

/// Where results are saved, and whether that may replace a file.
struct Destination: Sendable {
    /// As given with `--output`; `nil` takes the names that the gateway suggests.
    let path: String?
    let isForced: Bool
    /// Whether the outputs' numbers become part of the file names.
    var isNumbered = false

    /// The file for an output.
    func path(for index: Int, suggested field: String?) -> String {
        guard let path else { return Self.fileName(in: field) ?? "sound-\(index)" }
        guard isNumbered else { return path }
        let folder = Self.folder(of: path)
        let name = path.dropFirst(folder.count)
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "\(path)-\(index)" }
        return "\(folder)\(name[..<dot])-\(index)\(name[dot...])"
    }

    /// Refuses a path where something stands that may not be replaced.
    func checkFree(_ path: String) throws(CommandFailure) {
        guard !isForced, access(path, F_OK) == 0 else { return }
        throw Self.taken(path)
    }

    /// Refuses at once, before anything is asked for, what could not be saved later.
    ///
    /// - Parameter count: how many outputs are asked for; 1 when the provider decides.
    /// - Throws: `CommandFailure` naming the folder or the file that is in the way.
    func checkBeforehand(count: Int) throws(CommandFailure) {
        guard let path else { return }
        let folder = Self.folder(of: path)
        let place = folder.isEmpty ? "." : String(folder)
        guard access(place, W_OK | X_OK) == 0 else {
            throw CommandFailure(
                .cannotCreate,
                "cannot write in \(place): \(SystemError("access").reason)"
            )
        }
        try checkFree(path)
        guard count > 1 else { return }
        var numbered = self
        numbered.isNumbered = true
        for index in 0..<count { try checkFree(numbered.path(for: index, suggested: nil)) }
    }

    /// Gives a complete file its name.
    func put(_ partial: String, at path: String) throws {
        // A link, unlike a rename, fails when the name is taken. Some file systems have no links.
        if !isForced {
            if link(partial, path) == 0 { return }
            guard errno != EEXIST else { throw Self.taken(path) }
            try checkFree(path)
        }
        try retryingSystemCall("rename", subject: path) { rename(partial, path) }
    }

    /// Everything up to the last slash, that one included.
    static func folder(of path: String) -> Substring {
        path.lastIndex(of: "/").map { path[...$0] } ?? ""
    }

    private static func taken(_ path: String) -> CommandFailure {
        CommandFailure(.cannotCreate, "\(path) exists; --force replaces it")
    }

    /// The file name in a `Content-Disposition`, reduced to one that is safe here.
    private static func fileName(in field: String?) -> String? {
        guard let field, let start = field.firstRange(of: "filename=\"")?.upperBound else { return nil }
        let name = field[start...].prefix { $0 != "\"" }
        let safe = name.split(separator: "/").last?.drop { $0 == "." } ?? ""
        let isPlain = safe.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        return safe.isEmpty || !isPlain || safe.utf8.count > 200 ? nil : String(safe)
    }
}
