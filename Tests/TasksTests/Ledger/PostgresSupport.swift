import EventLoop
import Postgres
import PostgresTestSupport
import Tasks
import Telemetry

extension LedgerStore {
    /// On a server that all tests of this process share; leases go by the time that the test tells.
    static let postgres = LedgerStore(name: "PostgreSQL") { path in
        try await open(try await TestDatabases.shared.url(for: path)) { $0.clock = .callers }
    } execute: { path, sql in
        try await PostgresServer.withPool(try await TestDatabases.shared.url(for: path), loops: 1) { pool in
            _ = try await pool.query(sql)
        }
    }

    /// Opens the ledger of a database.
    static func open(
        _ url: String,
        _ change: (inout PostgresLedger.Options) -> Void = { _ in }
    ) async throws -> PostgresLedger {
        let ledger = try ledger(url, change)
        try await ledger.open()
        return ledger
    }

    /// The ledger of a database, to be opened.
    static func ledger(
        _ url: String,
        _ change: (inout PostgresLedger.Options) -> Void = { _ in }
    ) throws -> PostgresLedger {
        var options = PostgresLedger.Options(url: url)
        options.connections = 4
        change(&options)
        return try PostgresLedger(options, loops: try TestLoops.all.get(), log: .current)
    }

    /// Lends as many ledgers on one fresh database: so many replicas.
    static func replicas<Result>(
        _ count: Int,
        _ body: ([PostgresLedger]) async throws -> Result
    ) async throws -> Result {
        let url = try await TestDatabases.shared.freshURL()
        var ledgers: [PostgresLedger] = []
        for _ in 0..<count { ledgers.append(try await open(url)) }
        do {
            let result = try await body(ledgers)
            for ledger in ledgers { await ledger.close() }
            return result
        } catch {
            for ledger in ledgers { await ledger.close() }
            throw error
        }
    }
}

/// Loops that live as long as the tests.
enum TestLoops {
    static let all = Result {
        let loops = try (0..<2).map { try EventLoop(name: "ledger-test-\($0)") }
        for loop in loops { try loop.start() }
        return loops
    }
}

/// Databases with the ledger's tables, one for each path that a test has thought of.
actor TestDatabases {
    static let shared = TestDatabases()

    private var urls: [String: String] = [:]
    private var template: Task<String, any Error>?

    func url(for path: String) async throws -> String {
        if let url = urls[path] { return url }
        let url = try await freshURL()
        urls[path] = url
        return url
    }

    func freshURL() async throws -> String {
        try PostgresServer.shared.server().url(try await freshName())
    }

    func freshName() async throws -> String {
        let server = try PostgresServer.shared.server()
        return try await server.database(like: try await makeTemplate(on: server))
    }

    /// A database in which the migrations have run, to be copied.
    private func makeTemplate(on server: PostgresServer) async throws -> String {
        if let template { return try await template.value }
        let making = Task {
            let name = try await server.database()
            await (try await LedgerStore.open(server.url(name))).close()
            return name
        }
        template = making
        return try await making.value
    }
}
