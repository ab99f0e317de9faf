import EventLoop
import Postgres
import PostgresTestSupport
import Telemetry
import Testing

/// A fresh database of the shared server, and ways to it.
struct Fixture: Sendable {
    let url: String
    let pool: PostgresPool
    let log: LogMemory

    /// The names that tests lock and unlock: advisory locks of the database.
    func hold<Result: Sendable>(_ lock: Int, _ body: () async throws -> Result) async throws -> Result {
        try await PostgresServer.withPool(url, loops: 1) { other in
            try await other.transaction { transaction in
                try await transaction.run([Statements.lock(lock)])
                return try await body()
            }
        }
    }

    /// Looks with a connection of its own.
    func look(_ sql: String, _ values: [PostgresValue] = []) async throws -> [PostgresRow] {
        try await PostgresServer.withPool(url, loops: 1) { try await $0.query(sql, values) }
    }

    /// Returns when so many statements wait for locks.
    func untilWaiting(_ count: Int) async throws {
        try await PostgresServer.withPool(url, loops: 1) { other in
            try await until("\(count) wait for locks") {
                let rows = try await other.query(
                    """
                    SELECT count(*) FROM pg_locks WHERE NOT granted AND database =
                    (SELECT oid FROM pg_database WHERE datname = current_database())
                    """
                )
                return rows.first?.int(0) == count
            }
        }
    }
}

enum Statements {
    static func lock(_ number: Int) -> PostgresStatement {
        PostgresStatement("SELECT pg_advisory_xact_lock($1)", [.integer(Int64(number))])
    }

    static let notes = PostgresStatement(
        "CREATE TABLE note (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL UNIQUE)"
    )

    static func note(_ body: String) -> PostgresStatement {
        PostgresStatement("INSERT INTO note (body) VALUES ($1)", [.text(body)])
    }
}

/// Lends a pool on a fresh database.
func withDatabase<Result: Sendable>(
    loops: Int = 1,
    _ change: (inout PostgresPool.Options) -> Void = { _ in },
    _ body: (Fixture) async throws -> Result
) async throws -> Result {
    let url = try await PostgresServer.shared.freshURL()
    let memory = LogMemory()
    return try await PostgresServer.withPool(url, loops: loops, log: Log(level: .trace, sink: memory), change)
    {
        try await body(Fixture(url: url, pool: $0, log: memory))
    }
}

/// As above, with a table `note`.
func withNotes<Result: Sendable>(
    loops: Int = 1,
    _ change: (inout PostgresPool.Options) -> Void = { _ in },
    _ body: (Fixture) async throws -> Result
) async throws -> Result {
    try await withDatabase(loops: loops, change) { fixture in
        _ = try await fixture.look(Statements.notes.sql)
        return try await body(fixture)
    }
}

extension Fixture {
    /// The bodies of all notes, sorted.
    func bodies() async throws -> [String] {
        try await look("SELECT body FROM note ORDER BY body COLLATE \"C\"").map { $0.text(0) }
    }
}

/// Polls until the condition holds.
func until(_ what: String, _ condition: () async throws -> Bool) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(60)
    while try await !condition() {
        guard clock.now < deadline else { throw TimedOut(what: what) }
        try await Task.sleep(for: .milliseconds(5))
    }
}

struct TimedOut: Error { let what: String }

/// The error of a call that must fail.
func failing(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ call: () async throws -> some Any
) async throws -> PostgresError {
    do {
        let result = try await call()
        Issue.record("it came to \(result)", sourceLocation: sourceLocation)
    } catch let error as PostgresError {
        return error
    }
    throw Unexpected()
}

struct Unexpected: Error {}
