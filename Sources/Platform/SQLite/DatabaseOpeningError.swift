import CSQLite
package import Threads

/// Why a database file cannot be used; each case reads as a sentence for the operator.
package enum DatabaseOpeningError: Error, Sendable, CustomStringConvertible {
    /// Another process has the file open; its id if it left one.
    case inUse(path: String, process: Int?)
    /// A SQLite database that some other program made.
    case foreign(path: String)
    /// Not a SQLite database at all, or one whose beginning is damaged.
    case notADatabase(path: String)
    /// A SQLite database of ours in which something cannot be right.
    case damaged(path: String, SQLiteError)
    /// A later version has been here.
    case newer(path: String, migration: String)
    /// The file's history is not the beginning of ours.
    case diverged(path: String, migration: String)
    /// A step of the schema left references that point nowhere.
    case danglingKeys(path: String, migration: String, table: String)
    /// The system refused the directory or the file.
    case system(SystemError)
    /// SQLite refused for another reason.
    case sqlite(path: String, SQLiteError)

    /// Why SQLite refused a file.
    package init(_ path: String, _ error: SQLiteError) {
        self =
            if error.code.primary == SQLITE_NOTADB {
                .notADatabase(path: path)
            } else if error.isCorrupt {
                .damaged(path: path, error)
            } else {
                .sqlite(path: path, error)
            }
    }

    package var description: String {
        switch self {
        case .inUse(let path, let process):
            "\(path) is in use by another process" + (process.map { " (\($0))" } ?? "")
        case .foreign(let path): "\(path) is a SQLite database, but another program's"
        case .notADatabase(let path): "\(path) is not a SQLite database or is damaged"
        case .damaged(let path, let error): "\(path) is damaged: \(error.message)"
        case .newer(let path, let migration):
            "\(path) was written by a newer version: this one does not know the migration \"\(migration)\""
        case .diverged(let path, let migration):
            "\(path) has another history: the migration \"\(migration)\" should have run where another one did"
        case .danglingKeys(let path, let migration, let table):
            "\(path): the migration \"\(migration)\" left broken references in the table \(table)"
        case .system(let error): "\(error)"
        case .sqlite(let path, let error): "\(path): \(error)"
        }
    }

    /// Whether the file's content is to blame, so that nothing helps but another file.
    package var isDamage: Bool {
        switch self {
        case .notADatabase, .damaged: true
        default: false
        }
    }
}
