import Glibc
import SQLite
import Testing
import Threads

/// A directory that is gone after the test, and database files in it.
struct TemporaryDirectory: ~Copyable {
    let path: String

    init() throws {
        var template = Array("/tmp/soundgate-sqlite-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        TemporaryDirectory.remove(path)
    }

    private static func remove(_ path: String) {
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != ".", name != ".." { remove(path + "/" + name) }
            }
            closedir(directory)
        }
        _ = Glibc.remove(path)
    }
}

/// The schema most tests work on.
let notes = [
    Migration("notes", sql: "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE) STRICT")
]

/// Opens a fresh database, lends it, and closes it.
func withDatabase<Result>(
    migrations: [Migration] = notes,
    options: Database.Options = Database.Options(),
    _ body: (Database) async throws -> Result
) async throws -> Result {
    let directory = try TemporaryDirectory()
    let database = try Database(
        path: directory.path + "/data/test.db",
        migrations: migrations,
        options: options
    )
    do {
        let result = try await body(database)
        await database.close()
        return result
    } catch {
        await database.close()
        throw error
    }
}

/// The bodies of all notes, sorted.
func bodies(_ database: Database) async throws -> [String] {
    try await database.read { try $0.query("SELECT body FROM note ORDER BY body") { $0.text(0) } }
}

struct Refused: Error, Equatable { var number = 0 }
