/// A named step of the schema; once released it is never edited, only followed by another.
package struct Migration: Sendable {
    package let name: String
    fileprivate let body: @Sendable (Connection) throws -> Void

    /// A step written as SQL.
    package init(_ name: String, sql: String) {
        self.name = name
        body = { try $0.execute(sql) }
    }

    /// A step that needs code.
    package init(_ name: String, body: @escaping @Sendable (Connection) throws -> Void) {
        self.name = name
        self.body = body
    }
}

/// Brings a file's schema up to what this build knows.
struct Migrator {
    let path: String
    let migrations: [Migration]
    let applicationID: Int32

    /// Tells apart our file, an empty one, and somebody else's.
    ///
    /// Changes nothing, for the file may turn out to be none of our business.
    func checkOwner(_ connection: Connection) throws {
        let id = try connection.first("PRAGMA application_id") { $0.int(0) } ?? 0
        let tables = try connection.first("SELECT count(*) FROM sqlite_schema") { $0.int(0) } ?? 0
        guard id == Int(applicationID) || (id == 0 && tables == 0) else {
            throw DatabaseOpeningError.foreign(path: path)
        }
    }

    /// Runs what is missing, each step in a transaction of its own.
    func run(on connection: Connection) throws {
        if try connection.first("PRAGMA application_id", [], { $0.int64(0) }) != Int64(applicationID) {
            try connection.execute("PRAGMA application_id = \(applicationID)")
        }
        try connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, applied_at INTEGER NOT NULL
            ) STRICT
            """
        )
        let applied = try connection.query("SELECT name FROM schema_migrations ORDER BY position") {
            $0.text(0)
        }
        let known = migrations.map(\.name)
        if let stranger = applied.first(where: { !known.contains($0) }) {
            throw DatabaseOpeningError.newer(path: path, migration: stranger)
        }
        if let (expected, _) = zip(known, applied).first(where: { $0 != $1 }) {
            throw DatabaseOpeningError.diverged(path: path, migration: expected)
        }
        // Rebuilding a table needs foreign keys off, and inside a transaction that switch does nothing.
        try connection.run("PRAGMA foreign_keys = OFF")
        for migration in migrations.dropFirst(applied.count) { try apply(migration, on: connection) }
        try connection.run("PRAGMA foreign_keys = ON")
    }

    private func apply(_ migration: Migration, on connection: Connection) throws {
        try connection.run("BEGIN IMMEDIATE")
        do {
            try migration.body(connection)
            if let table = try connection.first("PRAGMA foreign_key_check", [], { $0.text(0) }) {
                throw DatabaseOpeningError.danglingKeys(path: path, migration: migration.name, table: table)
            }
            try connection.run(
                "INSERT INTO schema_migrations (name, applied_at) VALUES (?, CAST(strftime('%s', 'now') AS INTEGER))",
                [.text(migration.name)]
            )
            try connection.run("COMMIT")
        } catch {
            if connection.isInTransaction { try connection.run("ROLLBACK") }
            throw error
        }
    }
}
