/// A named step of the schema; once released it is never edited, only followed by another.
package struct PostgresMigration: Sendable {
    package let name: String
    package let sql: String
    /// Whether programs that do not know this step may go on with the schema that it leaves.
    ///
    /// Steps that only add, as a table or a column with a default, are such: then replicas are updated one by one. A step
    /// that is not makes statements of before fail, as by other names; one that only gave columns another meaning would
    /// let a program that has stood still since then write what nobody can read.
    package let isCompatible: Bool

    /// A step written as SQL, of any number of statements; it runs in one transaction.
    package init(_ name: String, sql: String, isCompatible: Bool = false) {
        self.name = name
        self.sql = sql
        self.isCompatible = isCompatible
    }
}

/// How a migrator knows that programs are at work by the schema as it is.
package struct PostgresUsers: Sendable {
    /// Counts them, in its only row, and locks nothing; of tables that the first step makes.
    package var count: PostgresStatement
    /// Keeps others from coming to work until the transaction ends, and whoever has gone from coming back.
    package var fence: [PostgresStatement]

    /// Those that are counted so, and kept away so.
    package init(count: PostgresStatement, fence: [PostgresStatement]) {
        self.count = count
        self.fence = fence
    }
}

/// Why a schema cannot be brought up to date; each case reads as a sentence for the operator.
package enum PostgresMigrationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A later version has been here, and left what this one cannot work with.
    case newer(migration: String)
    /// The schema's history is not the beginning of ours.
    case diverged(migration: String)
    /// A step was edited after it had run.
    case edited(migration: String)
    /// So many processes are at work that do not know a step, and it changes what they rely on.
    case inUse(migration: String, by: Int)
    /// A step failed, and was undone.
    case failed(migration: String, PostgresError)

    package var description: String {
        switch self {
        case .newer(let migration):
            "the PostgreSQL schema was written by a newer version: this one does not know the migration \"\(migration)\""
        case .diverged(let migration):
            "the PostgreSQL schema has another history: the migration \"\(migration)\" should have run where another one did"
        case .edited(let migration):
            "the PostgreSQL schema has another history: the migration \"\(migration)\" was another when it ran"
        case .inUse(let migration, let count):
            "the migration \"\(migration)\" changes what those at work rely on, and waits until they have stopped: \(count)"
        case .failed(let migration, let error): "the migration \"\(migration)\" failed: \(error)"
        }
    }
}
