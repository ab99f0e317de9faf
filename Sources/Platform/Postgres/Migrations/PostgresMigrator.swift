extension PostgresPool {
    /// Brings the schema up to what this build knows, each step in a transaction of its own.
    ///
    /// Safe to call from many processes at once: one works, the others wait and then find everything done. The table
    /// `schema_migrations` says what has run, when, and the hash of its text. A schema that is newer than this build is
    /// accepted when every step that it does not know says so.
    ///
    /// - Parameters:
    ///   - migrations: All steps that this build knows, in their order.
    ///   - users: Who may be at work; while somebody is, a step that is not compatible is refused.
    /// - Throws: ``PostgresMigrationError`` or ``PostgresError``.
    package func migrate(_ migrations: [PostgresMigration], users: PostgresUsers? = nil) async throws {
        while try await transaction({ try await MigrationStep(migrations, users, $0).run() }) {}
    }
}

/// One transaction of a migrator: looks what has run, under a lock, and runs the next step.
private struct MigrationStep {
    private let migrations: [PostgresMigration]
    private let users: PostgresUsers?
    private let transaction: PostgresTransaction

    /// The letters `sgat`; the lock is one of this database.
    private static let lock: Int64 = 0x7367_6174

    init(
        _ migrations: [PostgresMigration],
        _ users: PostgresUsers?,
        _ transaction: PostgresTransaction
    ) {
        self.migrations = migrations
        self.users = users
        self.transaction = transaction
    }

    /// Runs one step; `false` when there is none left.
    func run() async throws -> Bool {
        // Another one may be at work on a large table for long.
        try await transaction.run([PostgresStatement("SET LOCAL statement_timeout = 0")])
        try await transaction.runScript(
            """
            SELECT pg_advisory_xact_lock(\(Self.lock));
            CREATE TABLE IF NOT EXISTS schema_migrations (
                position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE,
                hash text NOT NULL, is_compatible boolean NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
            )
            """
        )
        let applied = try await applied()
        for (known, applied) in zip(migrations, applied) {
            guard known.name == applied.name else {
                throw PostgresMigrationError.diverged(migration: known.name)
            }
        }
        let hashes = try await hashes(of: migrations.prefix(applied.count).map(\.sql))
        for (hash, applied) in zip(hashes, applied) where hash != applied.hash {
            throw PostgresMigrationError.edited(migration: applied.name)
        }
        if let stranger = applied.dropFirst(migrations.count).first(where: { !$0.isCompatible }) {
            throw PostgresMigrationError.newer(migration: stranger.name)
        }
        guard applied.count < migrations.count else { return false }
        let next = migrations[applied.count]
        if !applied.isEmpty, !next.isCompatible, let users {
            // First without a lock, for which everybody at work would have to wait.
            try await refuse(next, while: users)
            try await transaction.run(users.fence)
            try await refuse(next, while: users)
        }
        try await apply(next)
        return applied.count + 1 < migrations.count
    }

    private func refuse(_ migration: PostgresMigration, while users: PostgresUsers) async throws {
        let count = try await transaction.run([users.count]).first?.rows.first?.int(0) ?? 0
        guard count == 0 else {
            throw PostgresMigrationError.inUse(migration: migration.name, by: Int(clamping: count))
        }
    }

    private func applied() async throws(PostgresError) -> [(name: String, hash: String, isCompatible: Bool)] {
        let rows = try await transaction.query(
            "SELECT name, hash, is_compatible FROM schema_migrations ORDER BY position"
        )
        return rows.map { ($0.text(0), $0.text(1), $0.bool(2)) }
    }

    private func hashes(of texts: [String]) async throws(PostgresError) -> [String] {
        let rows = try await transaction.query(
            """
            SELECT encode(sha256(convert_to(text, 'UTF8')), 'hex')
            FROM unnest($1::text[]) WITH ORDINALITY AS given(text, position) ORDER BY position
            """,
            [.texts(texts)]
        )
        return rows.map { $0.text(0) }
    }

    private func apply(_ migration: PostgresMigration) async throws {
        do throws(PostgresError) {
            try await transaction.runScript(migration.sql)
        } catch {
            guard !error.isUnavailable, !error.isCancelled else { throw error }
            throw PostgresMigrationError.failed(migration: migration.name, error)
        }
        try await transaction.run([
            PostgresStatement(
                """
                INSERT INTO schema_migrations (name, hash, is_compatible)
                VALUES ($1, encode(sha256(convert_to($2, 'UTF8')), 'hex'), $3)
                """,
                [.text(migration.name), .text(migration.sql), .bool(migration.isCompatible)]
            )
        ])
    }
}
